//! A clock that moves only when it is advanced.
//!
//! The SDK reads the system clock, which cannot be replaced. Its times are therefore translated
//! afterwards, by the advances that preceded them.

use std::{
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant, SystemTime},
};

#[derive(Debug)]
pub(crate) struct Clock {
    start: SystemTime,
    made: SystemTime,
    /// The system time and the distance from `start` at each advance.
    advances: Mutex<Vec<(SystemTime, Duration)>>,
}

/// The longest time that an advance waits for the system clock to move.
const MAX_TICK: Duration = Duration::from_millis(100);

impl Clock {
    pub(crate) fn new(start: SystemTime) -> Self {
        Self { start, made: SystemTime::now(), advances: Mutex::default() }
    }

    pub(crate) fn advance(&self, time: Duration) {
        let mut advances = self.advances.lock().unwrap_or_else(PoisonError::into_inner);
        let before = advances.last().map_or(Duration::ZERO, |(_, total)| *total);
        let now = SystemTime::now();
        advances.push((now, before.saturating_add(time)));
        // The next event needs a later time than this one, however coarse the system's clock is.
        let started = Instant::now();
        while SystemTime::now() <= now && started.elapsed() < MAX_TICK {
            thread::yield_now();
        }
    }

    /// Translates a system time to a time of this clock.
    ///
    /// A time before the clock was created, or in the future, was set by the program and is kept.
    pub(crate) fn time(&self, at: SystemTime) -> SystemTime {
        if at < self.made || at > SystemTime::now() {
            return at;
        }
        let advances = self.advances.lock().unwrap_or_else(PoisonError::into_inner);
        let passed =
            advances.iter().rev().find(|(when, _)| *when < at).map_or(Duration::ZERO, |(_, total)| *total);
        self.start.checked_add(passed).unwrap_or(self.start)
    }
}
