//! Lines on their way out of the process, whole and in order, without ever waiting for whoever reads them.
//!
//! What can be written at once is, by the thread that logs. The rest goes through a bounded queue to a thread of its own;
//! when the queue is full, lines are dropped, counted, and mentioned where they are missing.

mod processor;

use std::{
    fmt, io,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};

pub(crate) use self::processor::LineLogs;
use crate::build::tally::Tally;

/// Where lines end up.
pub(super) trait Sink: Send {
    /// Writes some of `lines` without waiting, and returns how many bytes that were.
    fn write_now(&mut self, lines: &[u8]) -> io::Result<usize>;

    /// Writes all of `lines`, whole lines, for as long as it takes. When that fails, returns how many bytes are to be counted
    /// as written nevertheless.
    fn write_all(&mut self, lines: &[u8]) -> Result<(), (usize, io::Error)>;

    /// Does what is to be done from time to time even when nothing is written.
    fn tick(&mut self) {}

    /// Whether the error means that nothing will ever arrive any more.
    fn is_final(&self, _: &io::Error) -> bool {
        false
    }
}

/// The way in.
pub(crate) struct Lines {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// The queue is no longer empty, or it is time to end.
    work: Condvar,
    /// Something was written.
    done: Condvar,
    /// Nothing will ever arrive any more.
    gone: AtomicBool,
    tally: Arc<Tally>,
    /// The line that tells of so many that were dropped.
    notice: Box<dyn Fn(u64) -> String + Send + Sync>,
}

struct State {
    /// With the writing thread while that writes.
    sink: Option<Box<dyn Sink>>,
    queue: Vec<u8>,
    /// How many log records the queue holds.
    records: u64,
    /// How many bytes came into the queue and are done, over all time.
    pushed: u64,
    done: u64,
    /// How many were lost since the last line that told so.
    missing: u64,
    thread: Thread,
    ending: bool,
}

#[derive(PartialEq, Eq)]
enum Thread {
    /// Started when it is needed first.
    None,
    Waiting,
    Busy,
}

/// How many bytes wait at most. As many again may be with the writing thread.
const CAPACITY: usize = 4 * 1024 * 1024;

/// How much is written before it is counted.
const CHUNK: usize = 64 * 1024;

/// How often [`Sink::tick`] is called.
const TICK: Duration = Duration::from_secs(1);

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("tally", &self.shared.tally).finish_non_exhaustive()
    }
}

impl Lines {
    pub(super) fn new(
        sink: Box<dyn Sink>,
        tally: Arc<Tally>,
        notice: impl Fn(u64) -> String + Send + Sync + 'static,
    ) -> Self {
        let state = State {
            sink: Some(sink),
            queue: Vec::new(),
            records: 0,
            pushed: 0,
            done: 0,
            missing: 0,
            thread: Thread::None,
            ending: false,
        };
        let shared = Shared {
            state: Mutex::new(state),
            work: Condvar::new(),
            done: Condvar::new(),
            gone: AtomicBool::new(false),
            tally,
            notice: Box::new(notice),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Whether lines can be spared because nobody will ever see them. They are counted as dropped nevertheless.
    pub(super) fn is_gone(&self, records: u64) -> bool {
        let gone = self.shared.gone.load(Ordering::Relaxed);
        if gone && records > 0 {
            self.shared.tally.emit(records);
            self.shared.tally.spare(records);
        }
        gone
    }

    /// Takes whole lines that stand for so many log records.
    pub(super) fn push(&self, lines: &str, records: u64) {
        let shared = &self.shared;
        let mut state = shared.lock();
        let mut rest = lines.as_bytes();
        // Behind a gap comes the line that tells of it, which the thread writes.
        if state.queue.is_empty()
            && state.missing == 0
            && let Some(sink) = &mut state.sink
        {
            match sink.write_now(rest) {
                Ok(written) if written == rest.len() => {
                    drop(state);
                    return shared.tally.deliver(records);
                }
                Ok(written) => rest = &rest[written..],
                Err(error) => {
                    shared.gone.fetch_or(sink.is_final(&error), Ordering::Relaxed);
                    state.missing += records;
                    drop(state);
                    shared.tally.emit(records);
                    let _ = shared.tally.fail(records, error);
                    return;
                }
            }
        }
        shared.tally.emit(records);
        if let Err(reason) = self.enqueue(&mut state, rest, rest.len() < lines.len(), records) {
            state.missing += records;
            drop(state);
            shared.tally.drop_items(records, reason);
        }
    }

    /// `begun` lines must not be dropped, or what follows would continue them.
    fn enqueue(
        &self,
        state: &mut State,
        lines: &[u8],
        begun: bool,
        records: u64,
    ) -> Result<(), &'static str> {
        if self.shared.gone.load(Ordering::Relaxed) {
            return Err("nobody reads it any more");
        }
        if state.ending && !begun {
            return Err("telemetry had been shut down");
        }
        // A single line may be longer than the queue.
        if !state.queue.is_empty() && state.queue.len() + lines.len() > CAPACITY && !begun {
            return Err("the queue was full");
        }
        if state.thread == Thread::None {
            let shared = Arc::clone(&self.shared);
            let started =
                thread::Builder::new().name("autotelemetry-lines".to_owned()).spawn(move || shared.work());
            started.map_err(|_| "the system refused a thread")?;
            state.thread = Thread::Busy;
        }
        state.queue.extend_from_slice(lines);
        state.records += records;
        state.pushed += lines.len() as u64;
        if state.thread == Thread::Waiting {
            state.thread = Thread::Busy;
            self.shared.work.notify_one();
        }
        Ok(())
    }

    /// Waits until everything that was pushed before is written.
    pub(crate) fn flush(&self, limit: Duration) -> OTelSdkResult {
        let deadline = Instant::now() + limit;
        let mut state = self.shared.lock();
        let wanted = state.pushed;
        while state.done < wanted {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(OTelSdkError::Timeout(limit));
            }
            state = self.shared.done.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    /// From now on nothing waits any more: what cannot be written at once is dropped.
    pub(crate) fn end(&self) {
        self.shared.lock().ending = true;
        self.shared.work.notify_all();
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the thread does: writes what is in the queue until the end.
    fn work(&self) {
        let mut state = self.lock();
        loop {
            if state.queue.is_empty() {
                if state.ending {
                    return;
                }
                state.thread = Thread::Waiting;
                state = self.work.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner).0;
                state.thread = Thread::Busy;
            }
            let Some(mut sink) = state.sink.take() else { return };
            let batch = std::mem::take(&mut state.queue);
            let records = std::mem::take(&mut state.records);
            drop(state);
            if batch.is_empty() {
                sink.tick();
            } else {
                self.write(sink.as_mut(), &batch, records);
            }
            state = self.lock();
            state.sink = Some(sink);
            self.done.notify_all();
        }
    }

    /// Writes a batch piece by piece, so that what is done is known however long the rest takes.
    fn write(&self, sink: &mut dyn Sink, batch: &[u8], records: u64) {
        let mut left = records;
        let mut rest = batch;
        while !rest.is_empty() {
            let (chunk, behind) = rest.split_at(whole_lines(rest));
            rest = behind;
            // Other lines are those of spans and metrics, which are not counted here.
            let in_chunk = if rest.is_empty() { left } else { lines_in(chunk).min(left) };
            let written = match sink.write_all(chunk) {
                Ok(()) => {
                    if rest.is_empty() {
                        self.tell(sink);
                    }
                    in_chunk
                }
                Err((bytes, error)) => {
                    let written = lines_in(&chunk[..bytes]).min(in_chunk);
                    self.lose(sink, in_chunk - written, &error);
                    written
                }
            };
            self.tally.export(written);
            left -= in_chunk;
            self.lock().done += chunk.len() as u64;
            self.done.notify_all();
        }
    }

    fn lose(&self, sink: &dyn Sink, records: u64, error: &io::Error) {
        self.gone.fetch_or(sink.is_final(error), Ordering::Relaxed);
        self.lock().missing += records;
        let _ = self.tally.fail(records, error);
    }

    /// Writes how many lines are missing, if any are and it can be written.
    fn tell(&self, sink: &mut dyn Sink) {
        let missing = std::mem::take(&mut self.lock().missing);
        if missing > 0 && sink.write_all((self.notice)(missing).as_bytes()).is_err() {
            self.lock().missing += missing;
        }
    }
}

/// How many bytes the first lines of `batch` have that make a piece to be written at once.
fn whole_lines(batch: &[u8]) -> usize {
    let Some(window) = batch.get(..CHUNK) else { return batch.len() };
    // A line that is longer is written alone.
    let end = memchr::memrchr(b'\n', window).or_else(|| memchr::memchr(b'\n', batch));
    end.map_or(batch.len(), |end| end + 1)
}

fn lines_in(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}
