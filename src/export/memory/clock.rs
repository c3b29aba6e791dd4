//! A clock that stands still until it is advanced.
//!
//! The SDK reads the clock of the system, and nothing can take its place. So the times that it noted are put where they
//! belong afterwards: behind as many advances as there had been.

use std::{
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant, SystemTime},
};

#[derive(Debug)]
pub(crate) struct Clock {
    start: SystemTime,
    made: SystemTime,
    /// For each advance when it was made, and how far it came from the start.
    advances: Mutex<Vec<(SystemTime, Duration)>>,
}

/// How long the clock of the system may seem to stand still before nobody waits for it.
const CALLBACK_TIMEOUT: Duration = Duration::from_millis(100);

impl Clock {
    pub(crate) fn new(start: SystemTime) -> Self {
        Self { start, made: SystemTime::now(), advances: Mutex::default() }
    }

    pub(crate) fn advance(&self, time: Duration) {
        let mut advances = self.advances.lock().unwrap_or_else(PoisonError::into_inner);
        let before = advances.last().map_or(Duration::ZERO, |(_, total)| *total);
        let now = SystemTime::now();
        advances.push((now, before.saturating_add(time)));
        // What happens next must be noted later than this, however coarse the clock of the system is.
        let started = Instant::now();
        while SystemTime::now() <= now && started.elapsed() < CALLBACK_TIMEOUT {
            thread::yield_now();
        }
    }

    /// What this clock showed when that of the system showed `at`. A time from before or from the future was not read from
    /// a clock but set by the program, and stays.
    pub(crate) fn time(&self, at: SystemTime) -> SystemTime {
        if at < self.made || at > SystemTime::now() {
            return at;
        }
        let advances = self.advances.lock().unwrap_or_else(PoisonError::into_inner);
        let passed =
            advances.iter().rev().find(|(when, _)| *when < at).map_or(Duration::ZERO, |(_, all)| *all);
        self.start.checked_add(passed).unwrap_or(self.start)
    }
}
