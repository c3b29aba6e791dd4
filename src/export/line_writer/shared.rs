//! The part of a line writer that its worker shares.

use std::{
    cell::Cell,
    io,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    closure::Closure,
    queue::LineQueue,
    sink::{CloseReason, LineSink},
    state::QueueState,
};
use crate::{
    diagnostics::DiagnosticLog,
    export::stats::recorder::{Reason, StatsRecorder},
};

/// The part of a line writer that its worker shares.
pub(super) struct SharedWriter {
    state: Mutex<QueueState>,
    /// Locked during a write, and never together with the state: a sink may block or log.
    writer: Mutex<WriterState>,
    /// Signals that the queue is not empty or that the worker must end.
    pub(super) work: Condvar,
    /// Signals that a chunk was written or lost.
    pub(super) progress: Condvar,
    /// A copy of [`QueueState::is_busy`], readable without the lock.
    is_busy: AtomicBool,
    /// Set while the queue has no room for a line of usual length.
    is_full: AtomicBool,
    closure: Closure,
    pub(super) is_interactive: bool,
    pub(super) tick_interval: Option<Duration>,
    /// Creates the notice about a number of dropped lines.
    drop_notice: Box<dyn Fn(u64) -> String + Send + Sync>,
    destination: String,
    diagnostics: DiagnosticLog,
}

/// The sink and the line that it has written in part.
pub(super) struct WriterState {
    pub(super) sink: Box<dyn LineSink>,
    /// The rest of that line; it is written before any other.
    pub(super) partial_write: LineQueue,
}

thread_local! {
    /// The address of the writer whose sink runs on this thread. Lines that the sink itself logs
    /// would recurse endlessly.
    static WRITING: Cell<usize> = const { Cell::new(0) };
}

impl SharedWriter {
    pub(super) fn new(
        sink: Box<dyn LineSink>,
        drop_notice: impl Fn(u64) -> String + Send + Sync + 'static,
        destination: &str,
        diagnostics: DiagnosticLog,
    ) -> Self {
        Self {
            state: Mutex::new(QueueState::new()),
            work: Condvar::new(),
            progress: Condvar::new(),
            is_busy: AtomicBool::new(false),
            is_full: AtomicBool::new(false),
            closure: Closure::default(),
            is_interactive: sink.is_interactive(),
            tick_interval: sink.tick_interval(),
            writer: Mutex::new(WriterState { sink, partial_write: LineQueue::default() }),
            drop_notice: Box::new(drop_notice),
            destination: destination.to_owned(),
            diagnostics,
        }
    }

    pub(super) fn lock_state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and then the copy of its `is_busy`.
    pub(super) fn update(&self, change: impl FnOnce(&mut QueueState)) {
        let mut state = self.lock_state();
        change(&mut state);
        self.publish_busy(&state);
    }

    /// Must be called after each change of the state.
    pub(super) fn publish_busy(&self, state: &QueueState) {
        self.is_busy.store(state.is_busy(), Ordering::Release);
    }

    #[inline]
    pub(super) fn is_busy(&self) -> bool {
        self.is_busy.load(Ordering::Acquire)
    }

    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Acquire)
    }

    /// Notes that the queue has no room. Called with a locked state, as is
    /// [`take_queue`](Self::take_queue).
    pub(super) fn set_full(&self) {
        self.is_full.store(true, Ordering::Release);
    }

    /// Takes all lines and leaves an empty queue.
    pub(super) fn take_queue(&self, state: &mut QueueState, empty: LineQueue) -> LineQueue {
        self.is_full.store(false, Ordering::Release);
        std::mem::replace(&mut state.queue, empty)
    }

    pub(super) fn lock_writer(&self) -> MutexGuard<'_, WriterState> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    pub(super) fn try_lock_writer(&self) -> Option<MutexGuard<'_, WriterState>> {
        match self.writer.try_lock() {
            Ok(writer) => Some(writer),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn id(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Returns whether the sink of this writer runs on the current thread.
    #[inline]
    pub(super) fn is_reentrant(&self) -> bool {
        WRITING.get() == self.id()
    }

    /// Runs `write`. Meanwhile, [`is_reentrant`](Self::is_reentrant) is true on this thread.
    pub(super) fn guard_reentry<T>(&self, write: impl FnOnce() -> T) -> T {
        let before = WRITING.replace(self.id());
        let result = write();
        WRITING.set(before);
        result
    }

    #[inline]
    pub(super) fn is_closed(&self) -> bool {
        self.closure.is_closed()
    }

    /// Closes the writer if no write can succeed after `error`.
    pub(super) fn close_after(&self, sink: &dyn LineSink, error: &io::Error) {
        if let Some(reason) = sink.close_reason(error) {
            let is_first = self.closure.close(reason);
            if is_first && reason == CloseReason::ReaderLeft {
                self.diagnostics.warn(format_args!(
                    "{} was closed by its reader; console output stopped",
                    self.destination
                ));
            }
        }
    }

    /// Opens the writer again if its reader has returned. Looks at most every
    /// [`RETRY_INTERVAL`](super::closure::RETRY_INTERVAL), and never waits.
    #[cold]
    pub(super) fn reopen_if_possible(&self) {
        if !self.closure.is_retry_due() {
            return;
        }
        let Some(writer) = self.try_lock_writer() else { return };
        if !writer.sink.has_reader() {
            return;
        }
        // Under the lock, so that no line is written before the notice about the missing ones.
        let missing = self.closure.reopen();
        self.update(|state| {
            state.missing += missing;
            state.notice_due = state.missing > 0;
        });
        drop(writer);
        self.diagnostics
            .warn(format_args!("{} has a reader again; console output continues", self.destination));
    }

    /// Counts items that could not be written.
    pub(super) fn count_failed(&self, items: u64, recorder: &StatsRecorder, error: &io::Error) {
        match self.closure.reason() {
            Some(CloseReason::ReaderLeft) => recorder.discard(items, Reason::Unread),
            Some(CloseReason::Panicked) => recorder.record_failed(items, "panicked", error),
            None => recorder.record_failed(items, "not_written", error),
        }
    }

    /// Counts items that a closed writer refuses.
    pub(super) fn refuse_closed(&self, items: u64, recorder: &StatsRecorder) {
        self.closure.miss(items);
        recorder.refuse(items, self.drop_reason());
    }

    /// Returns the reason for which a closed writer drops items.
    pub(super) fn drop_reason(&self) -> Reason {
        match self.closure.reason() {
            Some(CloseReason::ReaderLeft) | None => Reason::Unread,
            Some(CloseReason::Panicked) => Reason::WriterPanicked,
        }
    }

    /// Puts the notice about missing lines into the queue.
    pub(super) fn write_drop_notice(&self, state: &mut QueueState) {
        state.notice_due = false;
        let missing = std::mem::take(&mut state.missing);
        if missing > 0 {
            let line = (self.drop_notice)(missing);
            state.queue.push_drop_notice(&line, missing);
            state.pushed += line.len() as u64;
        }
    }

    /// Waits until `bytes` are done, and returns whether the deadline passed before.
    pub(super) fn wait_done<'s>(
        &self,
        mut state: MutexGuard<'s, QueueState>,
        bytes: u64,
        deadline: Instant,
    ) -> (MutexGuard<'s, QueueState>, bool) {
        state.waiters += 1;
        while state.done < bytes {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.progress.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.waiters -= 1;
        let timed_out = state.done < bytes;
        (state, timed_out)
    }
}

impl WriterState {
    /// Writes some of `lines` without blocking, and none while an earlier line is incomplete.
    pub(super) fn try_write(&mut self, lines: &[u8], shared: &SharedWriter) -> io::Result<usize> {
        if !self.partial_write.is_empty() || shared.is_closed() {
            return Ok(0);
        }
        let result = shared.guard_reentry(|| self.sink.try_write(lines));
        if let Err(error) = &result {
            shared.close_after(self.sink.as_ref(), error);
        }
        result
    }
}
