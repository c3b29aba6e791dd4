//! The state of the thread that watches files.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The state that the thread shares with the tools.
#[derive(Debug, Default)]
pub(super) struct WatchState {
    state: Mutex<Watching>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Watching {
    is_running: bool,
    is_stopped: bool,
    /// The reloads since the start, each of which may have changed `reload`.
    reloads: u64,
}

impl WatchState {
    /// Ends the thread.
    pub(super) fn stop(&self) {
        self.lock().is_stopped = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Watching> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits. Returns `false` if the thread must end.
    pub(super) fn wait(&self, time: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), time, |state| !state.is_stopped);
        !waited.unwrap_or_else(PoisonError::into_inner).0.is_stopped
    }

    /// Returns the number of reloads.
    pub(super) fn reloads(&self) -> u64 {
        self.lock().reloads
    }

    /// Same as [`wait`](Self::wait), but also returns after the next reload.
    pub(super) fn wait_for_reload(&self, time: Duration, reloads: u64) -> bool {
        let is_same = |state: &mut Watching| !state.is_stopped && state.reloads == reloads;
        let waited = self.changed.wait_timeout_while(self.lock(), time, is_same);
        !waited.unwrap_or_else(PoisonError::into_inner).0.is_stopped
    }

    /// Records a reload. Returns `true` if a thread is wanted and none runs.
    pub(super) fn begin(&self, is_wanted: bool) -> bool {
        let mut state = self.lock();
        state.reloads += 1;
        self.changed.notify_all();
        let begins = is_wanted && !state.is_running && !state.is_stopped;
        state.is_running |= begins;
        begins
    }

    /// Notes that the thread has ended.
    pub(super) fn end(&self) {
        self.lock().is_running = false;
    }

    /// Same as [`end`](Self::end), but returns `false` after another reload, which may want the
    /// thread.
    pub(super) fn end_after(&self, reloads: u64) -> bool {
        let mut state = self.lock();
        state.is_running = state.reloads != reloads;
        !state.is_running
    }
}
