//! Pushes metrics at an interval, on a dedicated thread.
//!
//! The periodic reader of the SDK is not used: its flush may wait forever, and its shutdown ignores
//! the timeout.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::push_worker::{PushTarget, PushWorker};
use crate::{
    diagnostics::DiagnosticLog,
    error::Error,
    export::{
        callbacks::CALLBACK_TIMEOUT,
        collector::Collector,
        flush::{Flush, FlushError},
        stats::recorder::Reason,
    },
};

/// The handle of the thread.
#[derive(Debug)]
pub(crate) struct PeriodicPush(Arc<PushQueue>);

/// The requests to the thread and their results.
#[derive(Debug)]
struct PushQueue {
    state: Mutex<PushState>,
    /// Notified when a push is requested.
    requested: Condvar,
    /// Notified when a push is done, and when the thread ends.
    done: Condvar,
}

#[derive(Debug)]
struct PushState {
    /// Flushes that were requested since the start.
    requested: u64,
    /// Flushes that a push has covered since the start.
    done: u64,
    /// The result of the last push.
    result: Result<(), FlushError>,
    /// `true` if the next push is the last one.
    is_closing: bool,
    /// `true` if the thread ends without another push.
    is_abandoned: bool,
    has_ended: bool,
}

impl PeriodicPush {
    /// `flush_timeout` bounds a flush: half of it is for callbacks, the other half for the exports.
    pub(super) fn start(
        collector: Arc<Collector>,
        targets: Vec<Arc<PushTarget>>,
        interval: Duration,
        flush_timeout: Duration,
        diagnostics: DiagnosticLog,
    ) -> Result<Self, Error> {
        let queue = Arc::new(PushQueue {
            state: Mutex::new(PushState {
                requested: 0,
                done: 0,
                result: Ok(()),
                is_closing: false,
                is_abandoned: false,
                has_ended: false,
            }),
            requested: Condvar::new(),
            done: Condvar::new(),
        });
        let worker = PushWorker::new(collector, targets, diagnostics);
        let flush_callback_timeout = CALLBACK_TIMEOUT.min(flush_timeout / 2);
        let for_thread = EndGuard(Arc::clone(&queue));
        thread::Builder::new()
            .name("autotelemetry-metrics".to_owned())
            .spawn(move || for_thread.0.work(worker, interval, flush_callback_timeout))
            .map_err(|error| Error::system("cannot start the thread for metrics", error))?;
        Ok(Self(queue))
    }
}

impl PeriodicPush {
    /// Ends the thread without another push.
    pub(crate) fn abandon(&self) {
        let mut state = self.0.lock();
        state.is_abandoned = true;
        // Nothing is left for a flush.
        state.done = u64::MAX;
        drop(state);
        self.0.requested.notify_one();
        self.0.done.notify_all();
    }
}

impl Flush for PeriodicPush {
    fn request_flush(&self) -> u64 {
        let mut state = self.0.lock();
        state.requested += 1;
        self.0.requested.notify_one();
        state.requested
    }

    fn wait_flushed(&self, position: u64, deadline: Instant) -> Result<(), FlushError> {
        let mut state = self.0.lock();
        while state.done < position {
            if state.has_ended {
                return Err(FlushError::Failed("the thread that pushes metrics has ended".to_owned()));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(FlushError::Timeout);
            }
            state = self.0.done.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.result.clone()
    }

    fn close(&self, _: Reason) {
        self.0.lock().is_closing = true;
        self.0.requested.notify_one();
    }
}

/// Wakes the waiting threads when the thread ends, even by a panic.
struct EndGuard(Arc<PushQueue>);

impl Drop for EndGuard {
    fn drop(&mut self) {
        self.0.lock().has_ended = true;
        self.0.done.notify_all();
    }
}

/// The next push of the thread.
struct NextPush {
    /// The requests that it covers.
    requested: u64,
    is_requested: bool,
    is_last: bool,
}

impl PushQueue {
    fn lock(&self) -> MutexGuard<'_, PushState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Pushes until the queue is closed.
    fn work(&self, mut worker: PushWorker, interval: Duration, flush_callback_timeout: Duration) {
        let mut due = Instant::now() + interval;
        loop {
            let Some(next) = self.wait_for_next(due) else { return };
            let NextPush { requested, is_requested, is_last } = next;
            let timeout = if is_requested { flush_callback_timeout } else { CALLBACK_TIMEOUT };
            // The exporters report their failures themselves.
            let result = worker.push(timeout);
            let mut state = self.lock();
            // The last push covers later requests too.
            state.done = state.done.max(if is_last { u64::MAX } else { requested });
            state.result = result;
            drop(state);
            self.done.notify_all();
            if is_last {
                return;
            }
            if !is_requested {
                // After a stall, missed pushes are not made up for.
                due = (due + interval).max(Instant::now());
            }
        }
    }

    /// Returns `None` if there is none.
    fn wait_for_next(&self, due: Instant) -> Option<NextPush> {
        let mut state = self.lock();
        loop {
            if state.is_abandoned {
                return None;
            }
            let is_requested = state.requested > state.done || state.is_closing;
            let left = due.saturating_duration_since(Instant::now());
            if is_requested || left.is_zero() {
                let (requested, is_last) = (state.requested, state.is_closing);
                return Some(NextPush { requested, is_requested, is_last });
            }
            state = self.requested.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
