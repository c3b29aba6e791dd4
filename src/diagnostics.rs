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

/// Lets one line through per minute and sums up what the others would have told.
#[derive(Debug, Default)]
pub(crate) struct RateLimit(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    withheld_items: u64,
}

impl RateLimit {
    const INTERVAL: Duration = Duration::from_secs(60);

    /// Writes `message` unless a line was written less than a minute ago.
    pub(crate) fn line(&self, message: impl fmt::Display) {
        self.lines_for(0, |_| message.to_string());
    }

    /// As [`line`](Self::line), for so many items; the message is made with all items since the last line.
    pub(crate) fn lines_for(&self, items: u64, message: impl FnOnce(u64) -> String) {
        let items = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.withheld_items += items;
            if state.last.is_some_and(|last| last.elapsed() < Self::INTERVAL) {
                return;
            }
            state.last = Some(Instant::now());
            std::mem::take(&mut state.withheld_items)
        };
        // Not under the lock: whoever reads standard error may be slow.
        line(message(items));
    }
}

/// Appends a text as it is, but for control characters: a line must stay a line, and a terminal unharmed.
pub(crate) fn plain(out: &mut String, text: &str) {
    for c in text.chars() {
        if c.is_control() { out.extend(c.escape_default()) } else { out.push(c) }
    }
}
