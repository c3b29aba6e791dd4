//! What became of the telemetry so far, in numbers.

pub(crate) mod recorder;

use std::time::SystemTime;

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
    /// Items that were never tried, whatever the reason.
    pub dropped: u64,
    /// The same items by the reason.
    pub dropped_by_reason: Dropped,
    /// Items that wait, or are on their way.
    pub queued: u64,
    /// Why the last items were lost.
    pub last_error: Option<String>,
    /// When a destination took items last. Lines on the console and in files are not timed.
    pub last_success: Option<SystemTime>,
}

/// Items that were never tried, by the reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dropped {
    /// The queue was full.
    pub queue_full: u64,
    /// Telemetry had been shut down, or was before their turn came.
    pub shut_down: u64,
    /// Nobody reads the stream any more, or its writer is broken.
    pub sink_closed: u64,
}

impl Dropped {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.queue_full + self.shut_down + self.sink_closed
    }
}
