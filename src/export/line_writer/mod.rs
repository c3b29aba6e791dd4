//! Lines on their way out of the process, whole and in order, without ever waiting for whoever reads them.
//!
//! What can be written at once is, by the thread that logs. The rest goes through a bounded queue to a thread of its own;
//! when the queue is full, lines are dropped, counted, and mentioned where they are missing.

mod log_destination;
mod queue;
mod sink;
mod worker;

use std::{
    cell::Cell,
    fmt, io,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

pub(crate) use self::log_destination::LineLogDestination;
use self::queue::Queue;
pub(crate) use self::sink::{CloseReason, Sink, WriteError};
use super::{
    flush::FlushError,
    stats::recorder::{Reason, StatsRecorder},
};
use crate::diagnostics::Diagnostics;

/// The way in.
pub(crate) struct LineWriter {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// Held while something is written, and never together with the state: a writer may wait, or log.
    slot: Mutex<WriterState>,
    /// The queue is no longer empty, or it is time to end.
    work: Condvar,
    /// Something was written.
    done: Condvar,
    /// Something waits, is written by the thread, or is missing, so that no line can be written without overtaking others.
    is_busy: AtomicBool,
    /// Nothing will ever arrive any more.
    closed: OnceLock<CloseReason>,
    is_interactive: bool,
    tick: Option<Duration>,
    /// The line that tells of so many that were dropped.
    notice: Box<dyn Fn(u64) -> String + Send + Sync>,
    destination: String,
    diagnostics: Diagnostics,
}

struct WriterState {
    sink: Box<dyn Sink>,
    /// The rest of a line that was begun; nothing may come before it.
    rest: Queue,
}

struct State {
    queue: Queue,
    /// How many bytes came into the queue and are done, over all time.
    pushed: u64,
    done: u64,
    /// How many lines were lost since the last line that told so.
    missing: u64,
    /// The queue was full, so that a line about it can be written once it is empty.
    can_tell: bool,
    thread: Thread,
    /// The process that the thread belongs to; a fork of it has none.
    process: u32,
    /// Somebody waited for a prompt line in vain.
    stalled: bool,
    waiters: u32,
    ending: bool,
}

#[derive(PartialEq, Eq)]
enum Thread {
    /// Started when it is needed first.
    None,
    Waiting,
    /// Writes, or is about to.
    Busy,
}

thread_local! {
    /// Whose writer this thread is in; what that logs itself would come back to it, without end.
    static WRITING: Cell<usize> = const { Cell::new(0) };
}

/// How many bytes wait at most. As many again may be with the writing thread.
const CAPACITY: usize = 4 * 1024 * 1024;

/// How much is written before it is counted.
const PIECE: usize = 64 * 1024;

/// How long a prompt line may take.
const PROMPT: Duration = Duration::from_millis(50);

impl fmt::Debug for LineWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").finish_non_exhaustive()
    }
}

impl LineWriter {
    pub(crate) fn new(
        sink: Box<dyn Sink>,
        notice: impl Fn(u64) -> String + Send + Sync + 'static,
        destination: &str,
        diagnostics: Diagnostics,
    ) -> Self {
        let state = State {
            queue: Queue::default(),
            pushed: 0,
            done: 0,
            missing: 0,
            can_tell: false,
            thread: Thread::None,
            process: std::process::id(),
            stalled: false,
            waiters: 0,
            ending: false,
        };
        let shared = Shared {
            state: Mutex::new(state),
            work: Condvar::new(),
            done: Condvar::new(),
            is_busy: AtomicBool::new(false),
            closed: OnceLock::new(),
            is_interactive: sink.is_interactive(),
            tick: sink.tick_interval(),
            slot: Mutex::new(WriterState { sink, rest: Queue::default() }),
            notice: Box::new(notice),
            destination: destination.to_owned(),
            diagnostics,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Whether items can be spared the making of lines because nobody will ever see them. They are counted nevertheless.
    #[inline]
    pub(crate) fn is_closed(&self, items: u64, recorder: &StatsRecorder) -> bool {
        let closed = self.shared.is_closed();
        if closed {
            recorder.refuse(items, self.shared.reason());
        }
        closed
    }

    /// Takes whole lines that stand for so many items.
    pub(crate) fn push(&self, lines: &str, items: u64, recorder: &Arc<StatsRecorder>) {
        let shared = &self.shared;
        let lines = lines.as_bytes();
        if WRITING.get() == shared.id() {
            return recorder.refuse(items, Reason::Unread);
        }
        // Lines of one thread keep their order: what it has in the queue keeps that busy.
        if !shared.is_busy.load(Ordering::Acquire)
            && !shared.is_interactive
            && let Some(mut slot) = shared.try_slot()
        {
            let result = slot.try_write(lines, shared);
            if result.as_ref().is_ok_and(|written| *written == lines.len()) {
                return recorder.deliver(items);
            }
            return self.not_at_once(slot, result, lines, items, recorder);
        }
        self.enqueue(lines, items, recorder);
    }

    /// What becomes of lines of which a part was written, or nothing.
    #[cold]
    fn not_at_once(
        &self,
        mut slot: MutexGuard<'_, WriterState>,
        result: io::Result<usize>,
        lines: &[u8],
        items: u64,
        recorder: &Arc<StatsRecorder>,
    ) {
        let shared = &self.shared;
        match result {
            Ok(0) => {
                drop(slot);
                self.enqueue(lines, items, recorder);
            }
            Ok(written) => {
                recorder.emit(items);
                // Under the lock of the slot, so that the rest comes next.
                slot.rest.push(&lines[written..], items, recorder);
                drop(slot);
                shared.change(|state| {
                    state.pushed += (lines.len() - written) as u64;
                    // Without a thread the rest waits for the next line that can be written.
                    let _ = self.wake(state);
                });
            }
            Err(error) => {
                drop(slot);
                recorder.emit(items);
                shared.change(|state| state.missing += items);
                shared.lose(items, recorder, &error);
            }
        }
    }

    /// As [`push`](Self::push), always through the queue: the sink is not called on this thread.
    pub(crate) fn push_queued(&self, lines: &str, items: u64, recorder: &Arc<StatsRecorder>) {
        self.enqueue(lines.as_bytes(), items, recorder);
    }

    #[inline(never)]
    fn enqueue(&self, lines: &[u8], items: u64, recorder: &Arc<StatsRecorder>) {
        let shared = &self.shared;
        let mut state = shared.lock();
        let refused = if shared.is_closed() {
            drop(state);
            return recorder.refuse(items, shared.reason());
        } else if state.ending {
            Some(Reason::ShutDown)
        } else if !state.queue.is_empty() && state.queue.len() + lines.len() > CAPACITY {
            // A single line may be longer than the queue.
            state.can_tell = true;
            Some(Reason::QueueFull)
        } else {
            self.wake(&mut state).err()
        };
        if let Some(reason) = refused {
            state.missing += items;
            shared.note_busy(&state);
            drop(state);
            return recorder.refuse(items, reason);
        }
        shared.write_drop_notice(&mut state);
        recorder.emit(items);
        state.queue.push(lines, items, recorder);
        state.pushed += lines.len() as u64;
        shared.note_busy(&state);
        if shared.is_interactive && !state.stalled {
            let wanted = state.pushed;
            let (mut state, late) = shared.wait(state, wanted, Instant::now() + PROMPT);
            state.stalled = late;
        }
    }

    /// Makes sure that the thread looks at the queue once the lock is released.
    fn wake(&self, state: &mut State) -> Result<(), Reason> {
        let process = std::process::id();
        if state.process != process {
            (state.process, state.thread) = (process, Thread::None);
            // What the thread had taken is with the other process.
            state.done = state.pushed - state.queue.len() as u64;
        }
        match state.thread {
            Thread::Busy => {}
            Thread::Waiting => self.shared.work.notify_one(),
            Thread::None => {
                let shared = Arc::clone(&self.shared);
                let started = thread::Builder::new()
                    .name("autotelemetry-lines".to_owned())
                    .spawn(move || shared.work());
                started.map_err(|_| Reason::Broken("the system refused a thread"))?;
            }
        }
        state.thread = Thread::Busy;
        Ok(())
    }

    /// Returns the position to pass to [`wait_flushed`](Self::wait_flushed).
    pub(crate) fn request_flush(&self) -> u64 {
        let mut state = self.shared.lock();
        // Nothing may follow that would bring the line about a gap along.
        if state.can_tell && self.wake(&mut state).is_ok() {
            self.shared.write_drop_notice(&mut state);
        }
        state.pushed
    }

    /// Waits until everything up to `position` is written or lost.
    pub(crate) fn wait_flushed(&self, position: u64, deadline: Instant) -> Result<(), FlushError> {
        let (state, mut late) = self.shared.wait(self.shared.lock(), position, deadline);
        drop(state);
        // Who writes by himself needs no queue.
        while !late && self.shared.try_slot().is_none() {
            late = Instant::now() >= deadline;
            thread::sleep(Duration::from_millis(1));
        }
        if late { Err(FlushError::Timeout) } else { Ok(()) }
    }

    /// From now on nothing waits any more: what cannot be written at once is dropped.
    pub(crate) fn end(&self) {
        self.shared.lock().ending = true;
        self.shared.work.notify_all();
    }
}

impl Drop for LineWriter {
    fn drop(&mut self) {
        self.end();
    }
}

impl WriterState {
    fn try_write(&mut self, lines: &[u8], shared: &Shared) -> io::Result<usize> {
        if !self.rest.is_empty() || shared.is_closed() {
            return Ok(0);
        }
        let result = shared.marked(|| self.sink.try_write(lines));
        if let Err(error) = &result {
            shared.note(self.sink.as_ref(), error);
        }
        result
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        self.note_busy(&state);
    }

    /// To be called whenever the state has changed.
    fn note_busy(&self, state: &State) {
        // Behind a gap comes the line that tells of it, which the thread writes.
        self.is_busy.store(state.done != state.pushed || state.missing > 0, Ordering::Release);
    }

    fn id(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Does `write`, during which what the writer logs itself is known to be that.
    fn marked<T>(&self, write: impl FnOnce() -> T) -> T {
        let before = WRITING.replace(self.id());
        let result = write();
        WRITING.set(before);
        result
    }

    fn try_slot(&self) -> Option<MutexGuard<'_, WriterState>> {
        match self.slot.try_lock() {
            Ok(slot) => Some(slot),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn is_closed(&self) -> bool {
        self.closed.get().is_some()
    }

    /// Notes that an error came, which may be the last one.
    fn note(&self, sink: &dyn Sink, error: &io::Error) {
        if let Some(end) = sink.end(error) {
            let is_news = self.closed.set(end).is_ok();
            if is_news && matches!(end, CloseReason::ReaderLeft) {
                let destination = &self.destination;
                self.diagnostics
                    .warn(format_args!("nobody reads {destination} any more, so nothing goes there"));
            }
        }
    }

    /// Counts what was tried in vain.
    fn lose(&self, items: u64, recorder: &StatsRecorder, error: &io::Error) {
        match self.closed.get() {
            Some(CloseReason::ReaderLeft) => recorder.discard(items, Reason::Unread),
            Some(CloseReason::Panicked) => drop(recorder.fail(items, "panicked", error)),
            None => drop(recorder.fail(items, "not_written", error)),
        }
    }

    /// Why nothing is tried any more.
    fn reason(&self) -> Reason {
        match self.closed.get() {
            Some(CloseReason::ReaderLeft) | None => Reason::Unread,
            Some(CloseReason::Panicked) => Reason::Broken("the writer panicked"),
        }
    }

    /// Puts the line that tells of a gap behind it.
    fn write_drop_notice(&self, state: &mut State) {
        state.can_tell = false;
        let missing = std::mem::take(&mut state.missing);
        if missing > 0 {
            let line = (self.notice)(missing);
            state.queue.push_notice(&line, missing);
            state.pushed += line.len() as u64;
        }
    }

    /// Waits until so many bytes are done; the other value says whether it is late.
    fn wait<'s>(
        &self,
        mut state: MutexGuard<'s, State>,
        wanted: u64,
        deadline: Instant,
    ) -> (MutexGuard<'s, State>, bool) {
        state.waiters += 1;
        while state.done < wanted {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.done.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.waiters -= 1;
        let late = state.done < wanted;
        (state, late)
    }
}
