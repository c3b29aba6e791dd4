//! The handle that lines are pushed to.

use std::{
    fmt, io,
    sync::{Arc, MutexGuard},
    thread,
    time::{Duration, Instant},
};

use super::{
    shared::{SharedWriter, WriterState},
    sink::{ClosedSink, LineSink},
    state::{QueueState, WorkerStatus},
    worker,
};
use crate::{
    diagnostics::DiagnosticLog,
    export::{
        flush::FlushError,
        stats::recorder::{Reason, StatsRecorder},
    },
};

/// The longest time that a push waits for an interactive sink.
const INTERACTIVE_WAIT: Duration = Duration::from_millis(50);

/// The thread that writes the queue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Worker {
    Thread,
    /// The operating system refuses a thread.
    Caller,
}

/// The length up to which a refused line shows that the next one has no room either.
const USUAL_LENGTH: usize = 4096;

/// Writes lines without blocking. Dropping it stops the queue.
pub(crate) struct LineWriter {
    shared: Arc<SharedWriter>,
}

impl fmt::Debug for LineWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineWriter").finish_non_exhaustive()
    }
}

impl LineWriter {
    /// Creates a writer; `drop_notice` returns the line that reports a number of dropped lines.
    pub(crate) fn new(
        sink: Box<dyn LineSink>,
        drop_notice: impl Fn(u64) -> String + Send + Sync + 'static,
        destination: &str,
        diagnostics: DiagnosticLog,
    ) -> Self {
        Self { shared: Arc::new(SharedWriter::new(sink, drop_notice, destination, diagnostics)) }
    }

    /// Returns whether the sink is closed or the queue is full, and if so counts `items` as
    /// dropped.
    ///
    /// The caller then need not format them.
    #[inline]
    pub(crate) fn refuse_early(&self, items: u64, recorder: &StatsRecorder) -> bool {
        let shared = &self.shared;
        if shared.is_closed() {
            shared.reopen_if_possible();
        }
        if shared.is_closed() {
            shared.refuse_closed(items, recorder);
            return true;
        }
        // A line of the sink itself has another reason.
        if shared.is_full() && !shared.is_reentrant() {
            self.refuse_full(items, recorder);
            return true;
        }
        false
    }

    /// Returns `false` if the queue is full.
    pub(crate) fn accepts(&self) -> bool {
        !self.shared.is_full()
    }

    /// Counts items for which the queue had no room.
    #[cold]
    pub(crate) fn refuse_full(&self, items: u64, recorder: &StatsRecorder) {
        let mut reason = Reason::QueueFull;
        self.shared.update(|state| {
            (state.missing, state.notice_due) = (state.missing + items, true);
            if state.stopping {
                reason = Reason::ShutDown;
            }
        });
        recorder.refuse(items, reason);
    }

    /// Writes or queues whole lines that contain `items`.
    pub(crate) fn push(&self, lines: &str, items: u64, recorder: &Arc<StatsRecorder>) {
        let shared = &self.shared;
        let lines = lines.as_bytes();
        if shared.is_reentrant() {
            return recorder.refuse(items, Reason::Reentrant);
        }
        // Lines of one thread keep their order: while one is queued, the writer is busy.
        if !shared.is_busy()
            && !shared.is_interactive
            && let Some(mut writer) = shared.try_lock_writer()
        {
            let result = writer.try_write(lines, shared);
            if result.as_ref().is_ok_and(|written| *written == lines.len()) {
                return recorder.deliver(items);
            }
            return self.push_rest(writer, result, lines, items, recorder);
        }
        self.enqueue(lines, items, recorder);
    }

    /// Queues lines of which the sink accepted a part or nothing, or counts them as failed.
    #[cold]
    fn push_rest(
        &self,
        mut writer: MutexGuard<'_, WriterState>,
        result: io::Result<usize>,
        lines: &[u8],
        items: u64,
        recorder: &Arc<StatsRecorder>,
    ) {
        let shared = &self.shared;
        match result {
            Ok(0) => {
                drop(writer);
                self.enqueue(lines, items, recorder);
            }
            Ok(written) => {
                recorder.emit(items);
                // The writer is still locked, so nothing is written between the two parts.
                writer.partial_write.push(&lines[written..], items, recorder);
                drop(writer);
                let mut state = shared.lock_state();
                state.pushed += (lines.len() - written) as u64;
                let worker = self.wake_worker(&mut state);
                shared.publish_busy(&state);
                drop(state);
                self.work_without_thread(worker);
            }
            Err(error) => {
                drop(writer);
                recorder.emit(items);
                shared.update(|state| state.missing += items);
                shared.count_failed(items, recorder, &error);
            }
        }
    }

    /// Same as [`push`](Self::push), but always through the queue. The sink is not called on this
    /// thread.
    pub(crate) fn push_queued(&self, lines: &str, items: u64, recorder: &Arc<StatsRecorder>) {
        self.enqueue(lines.as_bytes(), items, recorder);
    }

    #[inline(never)]
    fn enqueue(&self, lines: &[u8], items: u64, recorder: &Arc<StatsRecorder>) {
        let shared = &self.shared;
        let mut state = shared.lock_state();
        let refused = if shared.is_closed() {
            drop(state);
            return shared.refuse_closed(items, recorder);
        } else if state.stopping && (!shared.is_interactive || state.stalled) {
            // A terminal, too, gets the lines that it accepts at once.
            Some(Reason::ShutDown)
        } else if state.queue.is_full_for(lines.len()) {
            state.notice_due = true;
            if lines.len() <= USUAL_LENGTH {
                shared.set_full();
            }
            Some(Reason::QueueFull)
        } else {
            None
        };
        if let Some(reason) = refused {
            state.missing += items;
            shared.publish_busy(&state);
            drop(state);
            return recorder.refuse(items, reason);
        }
        shared.write_drop_notice(&mut state);
        recorder.emit(items);
        state.queue.push(lines, items, recorder);
        state.pushed += lines.len() as u64;
        let worker = self.wake_worker(&mut state);
        shared.publish_busy(&state);
        if worker == Worker::Caller {
            drop(state);
            return self.work_without_thread(worker);
        }
        if shared.is_interactive && !state.stalled {
            let pushed = state.pushed;
            let (mut state, timed_out) = shared.wait_done(state, pushed, Instant::now() + INTERACTIVE_WAIT);
            state.stalled = timed_out;
        }
    }

    /// Makes the worker look at the queue once the lock is released. Starts it if necessary.
    ///
    /// After [`Worker::Caller`], the caller must call
    /// [`work_without_thread`](Self::work_without_thread) once the lock is released.
    fn wake_worker(&self, state: &mut QueueState) -> Worker {
        let process = std::process::id();
        if state.worker_process != process {
            (state.worker_process, state.worker) = (process, WorkerStatus::NotRunning);
            // The parent process writes the lines that its worker had taken from the queue.
            state.done = state.pushed - state.queue.len() as u64;
        }
        let mut worker = Worker::Thread;
        match state.worker {
            WorkerStatus::Busy => {}
            WorkerStatus::Idle => self.shared.work.notify_one(),
            WorkerStatus::NotRunning => {
                let shared = Arc::clone(&self.shared);
                let started = thread::Builder::new()
                    .name("autotelemetry-lines".to_owned())
                    .spawn(move || worker::run(&shared));
                if started.is_err() {
                    worker = Worker::Caller;
                }
            }
        }
        state.worker = WorkerStatus::Busy;
        worker
    }

    /// Writes the queue on this thread if the operating system refuses one for the worker.
    #[inline]
    fn work_without_thread(&self, worker: Worker) {
        if worker == Worker::Caller {
            worker::run_on_caller(&self.shared);
        }
    }

    /// Returns the position to pass to [`wait_flushed`](Self::wait_flushed).
    pub(crate) fn request_flush(&self) -> u64 {
        let mut state = self.shared.lock_state();
        let mut worker = Worker::Thread;
        if state.notice_due || state.done != state.pushed {
            worker = self.wake_worker(&mut state);
        }
        if state.notice_due {
            // No later line may arrive to trigger the drop notice, so write it now.
            self.shared.write_drop_notice(&mut state);
        }
        let pushed = state.pushed;
        drop(state);
        self.work_without_thread(worker);
        pushed
    }

    /// Waits until everything up to `position` is written or lost.
    pub(crate) fn wait_flushed(&self, position: u64, deadline: Instant) -> Result<(), FlushError> {
        let (state, mut timed_out) = self.shared.wait_done(self.shared.lock_state(), position, deadline);
        drop(state);
        // Wait for a direct writer that bypasses the queue.
        while !timed_out && self.shared.try_lock_writer().is_none() {
            timed_out = Instant::now() >= deadline;
            thread::sleep(Duration::from_millis(1));
        }
        if timed_out { Err(FlushError::Timeout) } else { Ok(()) }
    }

    /// Stops queueing: from now on, lines that the sink does not accept at once are dropped.
    pub(crate) fn stop_queueing(&self) {
        self.shared.lock_state().stopping = true;
        self.shared.work.notify_all();
    }
}

impl LineWriter {
    /// Stops queueing and closes the sink, once everything is written. Threads of the program may
    /// hold the writer for long.
    pub(crate) fn close(&self) {
        self.stop_queueing();
        if !self.shared.is_interactive
            && let Some(mut writer) = self.shared.try_lock_writer()
        {
            writer.sink = Box::new(ClosedSink);
        }
    }
}

impl Drop for LineWriter {
    fn drop(&mut self) {
        self.stop_queueing();
    }
}
