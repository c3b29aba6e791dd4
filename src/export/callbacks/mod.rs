//! Runs the callbacks of observable instruments, ahead of each collection.
//!
//! The SDK would run them under its locks: one that panics would end all metrics, one that hangs would stop whoever creates
//! an instrument, and one that creates an instrument would wait for itself. Here they run before the SDK collects, on a
//! thread that nobody has to wait for, and the SDK gets what they observed.

pub(crate) mod observed;

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Mutex, PoisonError, Weak, mpsc},
    thread,
    time::{Duration, Instant},
};

use self::observed::{CallbackState, Observe};
use crate::{
    diagnostics::{Diagnostics, RateLimit},
    text::quoted_list,
};

/// How long a collection waits for callbacks: half of what Prometheus waits for a page, as a rule.
pub(crate) const CALLBACK_TIMEOUT: Duration = Duration::from_secs(5);

/// More than this are not named in one line.
const MAX_NAMES: usize = 10;

/// All callbacks. The SDK owns them, for as long as it lets their instruments be collected.
pub(crate) struct Callbacks {
    all: Mutex<Vec<Weak<dyn Observe>>>,
    /// Held by who collects: what was observed for one collection must not be replaced by another.
    turn: Mutex<()>,
    diagnostics: Diagnostics,
    panicked: RateLimit,
    late: RateLimit,
}

impl fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callbacks").finish_non_exhaustive()
    }
}

impl Callbacks {
    pub(crate) fn new(diagnostics: Diagnostics) -> Self {
        Self {
            all: Mutex::default(),
            turn: Mutex::default(),
            diagnostics,
            panicked: RateLimit::default(),
            late: RateLimit::default(),
        }
    }

    /// Adds those that the SDK has kept; it drops those of an instrument that it refuses, or has no use for.
    pub(crate) fn add(&self, callbacks: impl IntoIterator<Item = Weak<dyn Observe>>) {
        let kept = callbacks.into_iter().filter(|callback| callback.strong_count() > 0);
        self.all.lock().unwrap_or_else(PoisonError::into_inner).extend(kept);
    }

    /// Runs the callbacks, then `collect`. Callbacks are waited for as long as `patience` lasts.
    pub(crate) fn collect<R>(&self, patience: Duration, collect: impl FnOnce() -> R) -> R {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = self.run(patience);
        let collected = collect();
        drop(turn);
        self.report(&failed);
        collected
    }

    /// Returns those that observed nothing.
    fn run(&self, patience: Duration) -> Vec<(CallbackState, Arc<dyn Observe>)> {
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
        let (sender, progress) = mpsc::channel();
        let work = callbacks.clone();
        let started = thread::Builder::new().name("autotelemetry-callbacks".to_owned()).spawn(move || {
            for callback in work {
                callback.call();
                if sender.send(()).is_err() {
                    // Nobody waits any more; the next collection has a thread of its own.
                    return;
                }
            }
        });
        // Without a thread none of them returns.
        drop(started);
        let deadline = Instant::now() + patience;
        while progress.recv_timeout(deadline.saturating_duration_since(Instant::now())).is_ok() {}
        let phases = callbacks.into_iter().map(|callback| (callback.phase(), callback));
        phases.filter(|(phase, _)| *phase != CallbackState::Returned).collect()
    }

    fn report(&self, failed: &[(CallbackState, Arc<dyn Observe>)]) {
        let report = |limit: &RateLimit, why: &str, phases: &[CallbackState]| {
            let of_phase = |wanted: &CallbackState| {
                let callbacks = failed.iter().filter(move |(phase, _)| phase == wanted);
                callbacks.map(|(_, callback)| callback.name()).collect::<BTreeSet<_>>()
            };
            let mut names: Vec<_> = phases.iter().flat_map(of_phase).collect();
            if names.is_empty() || !limit.is_due() {
                return;
            }
            let more = names.len().saturating_sub(MAX_NAMES);
            names.truncate(MAX_NAMES);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            self.diagnostics.error(format_args!(
                "{why}: values of {}{more} are missing from this collection of metrics",
                quoted_list(&names)
            ));
        };
        report(&self.panicked, "a callback of an instrument panicked", &[CallbackState::Panicked]);
        // Those that are to blame come first, then those behind them.
        report(
            &self.late,
            "a callback of an instrument does not return",
            &[CallbackState::Running, CallbackState::Waiting],
        );
    }
}
