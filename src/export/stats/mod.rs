//! Delivery statistics.

mod reason;
pub(crate) mod recorder;
mod refusals;
mod totals;

use std::time::SystemTime;

use self::reason::Reason;
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
pub struct ExporterStats {
    signal: Signal,
    exporter: String,
    destination: String,
    is_retired: bool,
    emitted: u64,
    exported: u64,
    failed: u64,
    dropped: Dropped,
    queued: u64,
    last_error: Option<String>,
    last_success: Option<SystemTime>,
}

impl ExporterStats {
    /// Returns the signal.
    #[must_use]
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// Returns the name of the exporter, as in the signal's `exporters`.
    #[must_use]
    pub fn exporter(&self) -> &str {
        &self.exporter
    }

    /// Returns the endpoint, stream or directory.
    #[must_use]
    pub fn destination(&self) -> &str {
        &self.destination
    }

    /// Returns whether a reload has removed the exporter.
    #[must_use]
    pub fn is_retired(&self) -> bool {
        self.is_retired
    }

    /// Returns the number of items that were created for the exporter.
    #[must_use]
    pub fn emitted(&self) -> u64 {
        self.emitted
    }

    /// Returns the number of items that were delivered.
    #[must_use]
    pub fn exported(&self) -> u64 {
        self.exported
    }

    /// Returns the number of items whose export was attempted and failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Returns the number of items that were discarded without an export attempt.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.total()
    }

    /// Returns the dropped items by reason.
    #[must_use]
    pub fn dropped_by_reason(&self) -> Dropped {
        self.dropped
    }

    /// Returns the number of items that are queued or being exported.
    #[must_use]
    pub fn queued(&self) -> u64 {
        self.queued
    }

    /// Returns the error that caused the last loss.
    #[must_use]
    pub fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    /// Returns the time of the last delivery. Lines on the console and in files are not timed.
    #[must_use]
    pub fn last_success(&self) -> Option<SystemTime> {
        self.last_success
    }
}

/// The number of items that were discarded without an export attempt, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    pub(crate) queue_full: u64,
    pub(crate) shut_down: u64,
    pub(crate) removed: u64,
    pub(crate) sink_closed: u64,
    pub(crate) reentrant: u64,
    /// The part of `sink_closed` that had no reader, which is not an error.
    pub(crate) unread: u64,
}

impl Dropped {
    /// Returns the number of items dropped because the queue was full.
    #[must_use]
    pub fn queue_full(&self) -> u64 {
        self.queue_full
    }

    /// Returns the number of items dropped because of a shutdown: created after it, or not
    /// attempted before its deadline.
    #[must_use]
    pub fn shut_down(&self) -> u64 {
        self.shut_down
    }

    /// Returns the number of items dropped because a reload removed the exporter, and they could
    /// not be exported within `shutdown_timeout`.
    #[must_use]
    pub fn removed(&self) -> u64 {
        self.removed
    }

    /// Returns the number of items dropped because the reader closed the stream, or because the
    /// writer failed permanently.
    #[must_use]
    pub fn sink_closed(&self) -> u64 {
        self.sink_closed
    }

    /// Returns the number of items dropped because the program's own writer for the console created
    /// them while it wrote.
    #[must_use]
    pub fn reentrant(&self) -> u64 {
        self.reentrant
    }

    /// Returns the sum.
    #[must_use]
    pub fn total(&self) -> u64 {
        let Self { queue_full, shut_down, removed, sink_closed, reentrant, unread: _ } = *self;
        queue_full + shut_down + removed + sink_closed + reentrant
    }

    /// Returns the sum without the items that had no reader.
    pub(crate) fn lost(&self) -> u64 {
        self.total() - self.unread
    }

    pub(crate) fn add(&mut self, items: u64, reason: Reason) {
        match reason {
            Reason::QueueFull => self.queue_full += items,
            Reason::ShutDown => self.shut_down += items,
            Reason::Removed => self.removed += items,
            Reason::Unread => {
                self.sink_closed += items;
                self.unread += items;
            }
            Reason::WriterPanicked => self.sink_closed += items,
            Reason::Reentrant => self.reentrant += items,
        }
    }

    pub(crate) fn append(&mut self, other: Self) {
        let Self { queue_full, shut_down, removed, sink_closed, reentrant, unread } = other;
        self.queue_full += queue_full;
        self.shut_down += shut_down;
        self.removed += removed;
        self.sink_closed += sink_closed;
        self.reentrant += reentrant;
        self.unread += unread;
    }
}
