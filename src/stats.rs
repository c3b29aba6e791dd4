//! What became of the telemetry so far, in numbers.

use crate::config::Signal;

/// What became of the telemetry so far: one account for each exporter of each signal.
///
/// See [`ObservabilityTools::stats`](crate::ObservabilityTools::stats).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    pub(crate) exporters: Vec<ExporterStats>,
}

impl Stats {
    /// The accounts.
    #[must_use]
    pub fn exporters(&self) -> &[ExporterStats] {
        &self.exporters
    }

    /// The account of one exporter for one signal; `None` when it gets none of that signal.
    #[must_use]
    pub fn exporter(&self, signal: Signal, exporter: &str) -> Option<&ExporterStats> {
        self.exporters.iter().find(|stats| stats.signal == signal && stats.exporter == exporter)
    }
}

/// The account of one exporter for one signal, in spans, log records or metric data points.
///
/// `emitted` is always the sum of `exported`, `failed`, `dropped` and `queued`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExporterStats {
    /// The signal.
    pub signal: Signal,
    /// The name of the exporter, as in the signal's `exporters`.
    pub exporter: String,
    /// Where it sends to or writes.
    pub destination: String,
    /// Items that were meant for it.
    pub emitted: u64,
    /// Items that arrived.
    pub exported: u64,
    /// Items that were tried and did not arrive.
    pub failed: u64,
    /// Items that were never tried: the queue was full, or telemetry had been shut down.
    pub dropped: u64,
    /// Items that wait, or are on their way.
    pub queued: u64,
    /// Why the last items were lost.
    pub last_error: Option<String>,
}
