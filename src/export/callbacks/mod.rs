//! Runs the callbacks of observable instruments, ahead of each collection.
//!
//! The SDK would run them under its locks: one that panics would end all metrics, one that hangs
//! would block the creation of instruments, and one that creates an instrument would deadlock. Here
//! they run before the SDK collects, on a thread that can be abandoned, and the SDK receives the
//! values that they observed.

mod callback_cache;

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Mutex, PoisonError, TryLockError, Weak, mpsc},
    thread,
    time::{Duration, Instant},
};

use self::callback_cache::CallbackState;
pub(crate) use self::callback_cache::{CallbackCache, ObservableCallback};
use crate::{
    diagnostics::{DiagnosticLog, RateLimit},
    text::quoted_list,
};

/// The longest time that a collection waits for callbacks: half of the usual timeout of a scrape.
pub(crate) const CALLBACK_TIMEOUT: Duration = Duration::from_secs(5);

/// The number of instruments that one line names.
const MAX_NAMES: usize = 10;

/// All callbacks. The SDK owns them while it collects their instruments.
pub(crate) struct Callbacks {
    all: Mutex<Vec<Weak<dyn ObservableCallback>>>,
    /// Held during a collection, so that the values of one are not replaced by another.
    collecting: Mutex<()>,
    diagnostics: DiagnosticLog,
    panicked: RateLimit,
    late: RateLimit,
}

impl fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callbacks").finish_non_exhaustive()
    }
}

impl Callbacks {
    pub(crate) fn new(diagnostics: DiagnosticLog) -> Self {
        Self {
            all: Mutex::default(),
            collecting: Mutex::default(),
            diagnostics,
            panicked: RateLimit::default(),
            late: RateLimit::default(),
        }
    }

    /// Adds callbacks, except those that the SDK has dropped with an instrument that it refused.
    pub(crate) fn add(&self, callbacks: impl IntoIterator<Item = Weak<dyn ObservableCallback>>) {
        let kept = callbacks.into_iter().filter(|callback| callback.strong_count() > 0);
        self.all.lock().unwrap_or_else(PoisonError::into_inner).extend(kept);
    }

    /// Runs the callbacks for at most `timeout`, then `collect`. Waits for other collections first.
    pub(crate) fn collect<R>(&self, timeout: Duration, collect: impl FnOnce() -> R) -> R {
        let collecting = self.collecting.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = self.run(timeout);
        let collected = collect();
        drop(collecting);
        self.report(&failed);
        collected
    }

    /// Same as [`collect`](Self::collect), with one deadline for everything. Returns `None` if
    /// another collection does not end before it.
    pub(crate) fn collect_until<R>(&self, deadline: Instant, collect: impl FnOnce() -> R) -> Option<R> {
        let left = || deadline.saturating_duration_since(Instant::now());
        let collecting = loop {
            match self.collecting.try_lock() {
                Ok(collecting) => break collecting,
                Err(TryLockError::Poisoned(poisoned)) => break poisoned.into_inner(),
                Err(TryLockError::WouldBlock) if left().is_zero() => return None,
                Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(1)),
            }
        };
        let failed = self.run(CALLBACK_TIMEOUT.min(left() / 2));
        let collected = collect();
        drop(collecting);
        self.report(&failed);
        Some(collected)
    }

    /// Returns the callbacks that have not returned normally.
    fn run(&self, timeout: Duration) -> Vec<(CallbackState, Arc<dyn ObservableCallback>)> {
        let callbacks: Vec<_> = {
            let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|callback| callback.strong_count() > 0);
            all.iter().filter_map(Weak::upgrade).collect()
        };
        if callbacks.is_empty() {
            return Vec::new();
        }
        for callback in &callbacks {
            callback.begin();
        }
        let (sender, returned) = mpsc::channel();
        let work = callbacks.clone();
        let started = thread::Builder::new().name("autotelemetry-callbacks".to_owned()).spawn(move || {
            for callback in work {
                callback.call();
                if sender.send(()).is_err() {
                    // The collection has timed out; the next one has a thread of its own.
                    return;
                }
            }
        });
        if started.is_err() {
            // The operating system refuses a thread, so nothing bounds the time of the callbacks.
            for callback in &callbacks {
                callback.call();
            }
        }
        let deadline = Instant::now() + timeout;
        while returned.recv_timeout(deadline.saturating_duration_since(Instant::now())).is_ok() {}
        let states = callbacks.into_iter().map(|callback| (callback.state(), callback));
        states.filter(|(state, _)| *state != CallbackState::Returned).collect()
    }

    fn report(&self, failed: &[(CallbackState, Arc<dyn ObservableCallback>)]) {
        self.report_skipped(&self.panicked, "panicked", names(failed, &[CallbackState::Panicked]));
        // The callbacks that hang come first, then those that wait for them.
        let late = names(failed, &[CallbackState::Running, CallbackState::Waiting]);
        self.report_skipped(&self.late, "timed out", late);
    }

    fn report_skipped(&self, limit: &RateLimit, problem: &str, mut names: Vec<&str>) {
        if names.is_empty() || !limit.is_due() {
            return;
        }
        let more = names.len().saturating_sub(MAX_NAMES);
        names.truncate(MAX_NAMES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        self.diagnostics.error(format_args!(
            "observable callback {problem}; skipped in this collection: {}{more}",
            quoted_list(&names)
        ));
    }
}

/// Returns the names of the instruments whose callbacks are in one of `states`, in this order.
fn names<'c>(
    callbacks: &'c [(CallbackState, Arc<dyn ObservableCallback>)],
    states: &[CallbackState],
) -> Vec<&'c str> {
    let in_state = |expected: &CallbackState| {
        let callbacks = callbacks.iter().filter(move |(state, _)| state == expected);
        callbacks.map(|(_, callback)| callback.name()).collect::<BTreeSet<_>>()
    };
    states.iter().flat_map(in_state).collect()
}
