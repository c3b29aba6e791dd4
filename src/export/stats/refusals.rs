//! Counts of items that were not accepted.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::{Dropped, reason::Reason};

/// Counts items that were emitted and not accepted, without a lock and without memory: the program
/// is waiting, and most items are lost when it is overloaded.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    items: [AtomicU64; Reason::ALL.len()],
    /// The index of the last reason plus 1; 0 if another loss followed.
    last: AtomicUsize,
}

impl Refusals {
    pub(super) fn add(&self, items: u64, reason: Reason) {
        self.items[reason as usize].fetch_add(items, Ordering::Release);
        self.last.store(reason as usize + 1, Ordering::Release);
    }

    pub(super) fn counts(&self) -> Dropped {
        let mut dropped = Dropped::default();
        for (items, reason) in self.items.iter().zip(Reason::ALL) {
            dropped.add(items.load(Ordering::Acquire), reason);
        }
        dropped
    }

    /// Returns the reason for the last loss, unless it was another loss than these.
    pub(super) fn last_reason(&self) -> Option<Reason> {
        Reason::ALL.get(self.last.load(Ordering::Acquire).checked_sub(1)?).copied()
    }

    /// Notes that the last loss was another one.
    pub(super) fn forget_last(&self) {
        self.last.store(0, Ordering::Release);
    }
}
