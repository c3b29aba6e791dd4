//! The counts of one recorder.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    time::SystemTime,
};

use super::{Dropped, reason::Reason};

/// Items with a known outcome, by outcome.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) exported: u64,
    pub(super) failed: u64,
    /// The failed items by the word for the cause.
    pub(super) failed_by_cause: BTreeMap<&'static str, u64>,
    /// Items that were dropped from a queue. [`Refusals`](super::refusals::Refusals) counts those
    /// that never were in one.
    pub(super) dropped: Dropped,
    pub(super) last_error: Option<String>,
    pub(super) last_success: Option<SystemTime>,
    /// The totals at the last [`Delta`].
    pub(super) reported: ReportedTotals,
    /// All emitted items are settled. Items that are delivered later were counted as lost.
    pub(super) is_closed: bool,
}

/// The items of earlier deltas.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ReportedTotals {
    pub(super) exported: u64,
    pub(super) failed: u64,
    pub(super) dropped: u64,
}

/// All counts of a recorder at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) exported: u64,
    pub(crate) failed_by_cause: BTreeMap<&'static str, u64>,
    pub(crate) dropped: Dropped,
    /// Items that are queued or being exported.
    pub(crate) queued: u64,
}

/// The changes since the previous delta.
#[derive(Debug, Clone, Default)]
pub(crate) struct Delta {
    pub(crate) exported: u64,
    pub(crate) failed: u64,
    pub(crate) dropped: u64,
    /// Items that are queued now.
    pub(crate) queued: u64,
    /// The destination, and the reason for the last loss.
    pub(crate) error: String,
}

impl Totals {
    pub(super) fn count_dropped(&mut self, items: u64, reason: Reason) {
        self.dropped.add(items, reason);
        self.set_last_error(reason);
    }

    pub(super) fn count_failed(&mut self, items: u64, cause: &'static str, error: impl fmt::Display) {
        self.failed += items;
        *self.failed_by_cause.entry(cause).or_default() += items;
        self.set_last_error(error);
    }

    /// Reuses the memory of the previous error.
    fn set_last_error(&mut self, error: impl fmt::Display) {
        let last = self.last_error.get_or_insert_default();
        last.clear();
        let _ = write!(last, "{error}");
    }

    /// Returns the emitted items whose outcome is known.
    pub(super) fn settled(&self) -> u64 {
        self.exported + self.failed + self.dropped.total()
    }
}
