//! The state of the queue and its worker.

use super::queue::LineQueue;

/// The state of the queue and its worker, behind a lock.
pub(super) struct QueueState {
    pub(super) queue: LineQueue,
    /// The total number of pushed bytes.
    pub(super) pushed: u64,
    /// The total number of pushed bytes that were written or lost.
    pub(super) done: u64,
    /// The number of lines lost since the last drop notice.
    pub(super) missing: u64,
    /// True if the queue was full, so that a drop notice is written once it is empty.
    pub(super) notice_due: bool,
    pub(super) worker: WorkerStatus,
    /// The process that the worker runs in. A fork inherits the state, but not the thread.
    pub(super) worker_process: u32,
    /// True if a push waited in vain for an interactive sink. No push waits until the next write.
    pub(super) stalled: bool,
    /// The number of threads that wait for progress.
    pub(super) waiters: u32,
    /// True if the queue accepts no more lines and the worker ends once it is empty.
    pub(super) stopping: bool,
}

#[derive(PartialEq, Eq)]
pub(super) enum WorkerStatus {
    /// The thread starts with the first line in the queue.
    NotRunning,
    /// The thread waits for lines.
    Idle,
    /// The thread writes, or is about to.
    Busy,
}

impl QueueState {
    pub(super) fn new() -> Self {
        Self {
            queue: LineQueue::default(),
            pushed: 0,
            done: 0,
            missing: 0,
            notice_due: false,
            worker: WorkerStatus::NotRunning,
            worker_process: std::process::id(),
            stalled: false,
            waiters: 0,
            stopping: false,
        }
    }

    /// Returns whether a direct write would overtake queued lines or the notice about missing ones.
    pub(super) fn is_busy(&self) -> bool {
        self.done != self.pushed || self.missing > 0
    }
}
