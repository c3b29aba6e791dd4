//! What the library says about itself: lines on standard error, never exported.

use std::{
    fmt,
    io::Write as _,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Writes one line. Whether anybody can read it is not our caller's problem, so failures are ignored.
pub(crate) fn line(message: impl fmt::Display) {
    let line = format!("autotelemetry: {message}\n");
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

/// Lets one message through per minute and counts the others.
#[derive(Debug, Default)]
pub(crate) struct RateLimit(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    withheld: u64,
}

impl RateLimit {
    const INTERVAL: Duration = Duration::from_secs(60);

    /// Writes `message` unless one was written less than a minute ago.
    pub(crate) fn line(&self, message: impl fmt::Display) {
        let withheld = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if state.last.is_some_and(|last| last.elapsed() < Self::INTERVAL) {
                state.withheld += 1;
                return;
            }
            state.last = Some(Instant::now());
            std::mem::take(&mut state.withheld)
        };
        match withheld {
            0 => line(message),
            _ => line(format_args!("{message} (and {withheld} more like it before)")),
        }
    }
}
