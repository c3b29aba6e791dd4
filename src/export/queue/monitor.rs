//! Measures queues.

use std::{fmt, sync::Arc};

use crate::export::stats::recorder::{Snapshot, StatsRecorder};

/// A queue whose items wait to be exported.
pub(crate) trait QueueMonitor: fmt::Debug + Send + Sync {
    /// The recorder that counts its items.
    fn stats(&self) -> &Arc<StatsRecorder>;

    fn snapshot(&self) -> QueueSnapshot;
}

/// The fill level of a queue, and the counts of its items at the same moment.
#[derive(Debug)]
pub(crate) struct QueueSnapshot {
    pub(crate) size: u64,
    pub(crate) capacity: u64,
    pub(crate) snapshot: Snapshot,
}

impl QueueSnapshot {
    /// Items that left the queue and whose export has not ended.
    pub(crate) fn in_flight(&self) -> u64 {
        self.snapshot.queued.saturating_sub(self.size)
    }

    /// Items that left the queue to be exported, successfully or not.
    pub(crate) fn exported_total(&self) -> u64 {
        self.snapshot.exported + self.snapshot.failed_by_cause.values().sum::<u64>() + self.in_flight()
    }
}
