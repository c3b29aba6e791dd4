//! Delivery statistics.

mod reason;
pub(crate) mod recorder;
mod totals;

use std::time::SystemTime;

use crate::config::Signal;

/// Delivery statistics, one entry per exporter and signal.
///
/// See [`ObservabilityTools::stats`](crate::ObservabilityTools::stats).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    pub(crate) exporters: Vec<ExporterStats>,
}

impl Stats {
    /// Returns all entries.
    #[must_use]
    pub fn exporters(&self) -> &[ExporterStats] {
        &self.exporters
    }

    /// Returns the entry of one exporter for one signal; `None` if it does not receive that signal.
    #[must_use]
    pub fn exporter(&self, signal: Signal, exporter: &str) -> Option<&ExporterStats> {
        self.exporters.iter().find(|stats| stats.signal == signal && stats.exporter == exporter)
    }
}

/// The statistics of one exporter for one signal, in spans, log records or metric data points.
///
/// `emitted` is always the sum of `exported`, `failed`, `dropped` and `queued`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExporterStats {
    /// The signal.
    pub signal: Signal,
    /// The name of the exporter, as in the signal's `exporters`.
    pub exporter: String,
    /// The endpoint, stream or directory.
    pub destination: String,
    /// Items that were made for the exporter.
    pub emitted: u64,
    /// Items that were delivered.
    pub exported: u64,
    /// Items that were tried and not delivered.
    pub failed: u64,
    /// Items that were never tried, for any reason.
    pub dropped: u64,
    /// The dropped items by reason.
    pub dropped_by_reason: Dropped,
    /// Items that are queued or being exported.
    pub queued: u64,
    /// Why the last lost items were lost.
    pub last_error: Option<String>,
    /// When items were delivered last. Lines on the console and in files are not timed.
    pub last_success: Option<SystemTime>,
}

/// Items that were never tried, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dropped {
    /// The queue was full.
    pub queue_full: u64,
    /// Telemetry was shut down, before the items were made or before they were tried.
    pub shut_down: u64,
    /// The reader of the stream has closed it, or its writer has failed for good.
    pub sink_closed: u64,
}

impl Dropped {
    /// Returns the sum.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.queue_full + self.shut_down + self.sink_closed
    }
}
