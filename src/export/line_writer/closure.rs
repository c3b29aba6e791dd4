//! The closure of a sink, which may be temporary.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::sink::CloseReason;

/// The shortest time between two checks for a new reader.
pub(super) const RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// Open, or closed for a reason. A sink without a reader opens again if one arrives.
#[derive(Default)]
pub(super) struct Closure {
    /// A copy of whether `state` has a reason, readable without the lock.
    is_closed: AtomicBool,
    /// Items that were refused since the sink was closed.
    missed: AtomicU64,
    state: Mutex<ClosureState>,
}

#[derive(Default)]
struct ClosureState {
    reason: Option<CloseReason>,
    last_check: Option<Instant>,
}

impl Closure {
    #[inline]
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    pub(super) fn reason(&self) -> Option<CloseReason> {
        self.with_state(|state| state.reason)
    }

    /// Closes for `reason`, and returns whether it was open. An earlier reason is kept.
    pub(super) fn close(&self, reason: CloseReason) -> bool {
        self.with_state(|state| {
            let is_first = state.reason.is_none();
            state.reason.get_or_insert(reason);
            state.last_check = Some(Instant::now());
            self.is_closed.store(true, Ordering::Release);
            is_first
        })
    }

    /// Counts items that were refused.
    pub(super) fn miss(&self, items: u64) {
        self.missed.fetch_add(items, Ordering::Relaxed);
    }

    /// Returns whether it is time to check for a new reader.
    pub(super) fn is_retry_due(&self) -> bool {
        self.with_state(|state| {
            let is_due = state.reason == Some(CloseReason::ReaderLeft)
                && state.last_check.is_none_or(|last| last.elapsed() >= RETRY_INTERVAL);
            if is_due {
                state.last_check = Some(Instant::now());
            }
            is_due
        })
    }

    /// Opens again, and returns the number of items that were refused.
    pub(super) fn reopen(&self) -> u64 {
        self.with_state(|state| {
            state.reason = None;
            self.is_closed.store(false, Ordering::Release);
            self.missed.swap(0, Ordering::Relaxed)
        })
    }

    fn with_state<T>(&self, use_state: impl FnOnce(&mut ClosureState) -> T) -> T {
        use_state(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
