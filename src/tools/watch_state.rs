//! The state of the thread that watches files.

use std::{
    sync::{Condvar, Mutex, PoisonError},
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
}

impl WatchState {
    /// Ends the thread.
    pub(super) fn stop(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).is_stopped = true;
        self.changed.notify_all();
    }

    /// Waits. Returns `false` if the thread must end.
    pub(super) fn wait(&self, time: Duration) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(state, time, |state| !state.is_stopped);
        !waited.unwrap_or_else(PoisonError::into_inner).0.is_stopped
    }

    /// Returns `true` if a thread must be started.
    pub(super) fn begin(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let begins = !state.is_running && !state.is_stopped;
        state.is_running |= begins;
        begins
    }

    /// Notes that the thread has ended.
    pub(super) fn end(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).is_running = false;
    }
}
