//! What the library says about itself: lines on standard error, never exported.

pub(crate) mod item_count;
pub(crate) mod stdio;

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::config::{self, LevelFilter, Stream};

/// Writes lines of at least the level that `[diagnostics]` asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Diagnostics {
    level: LevelFilter,
}

impl Diagnostics {
    pub(crate) fn new(config: config::Diagnostics) -> Self {
        // What is measured goes where other metrics go.
        let config::Diagnostics { level, metrics: _ } = config;
        Self { level }
    }

    /// The least severe level that is written.
    pub(crate) fn level(self) -> LevelFilter {
        self.level
    }

    /// Whether lines of this level are written.
    pub(crate) fn shows(self, level: LevelFilter) -> bool {
        level <= self.level
    }

    /// Telemetry is lost.
    pub(crate) fn error(self, message: impl fmt::Display) {
        self.line(LevelFilter::Error, message);
    }

    /// Something is not as it should be.
    pub(crate) fn warn(self, message: impl fmt::Display) {
        self.line(LevelFilter::Warn, message);
    }

    /// Worth knowing in normal times.
    pub(crate) fn info(self, message: impl fmt::Display) {
        self.line(LevelFilter::Info, message);
    }

    /// Whether anybody reads it is not our caller's problem: failures are ignored, and nobody waits.
    pub(crate) fn line(self, level: LevelFilter, message: impl fmt::Display) {
        if self.shows(level) && stdio::is_ready(Stream::Stderr) {
            let _ = stdio::write(Stream::Stderr, format!("autotelemetry: {message}\n").as_bytes());
        }
    }
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

    /// Whether a line is due.
    pub(crate) fn is_due(&self) -> bool {
        self.due_for(0).is_some()
    }

    /// Whether a line is due, which tells of `items`: then all of them since the last line. Who asks must write, but not
    /// under a lock: whoever reads standard error may be slow.
    pub(crate) fn due_for(&self, items: u64) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.withheld_items += items;
        if state.last.is_some_and(|last| last.elapsed() < Self::INTERVAL) {
            return None;
        }
        state.last = Some(Instant::now());
        Some(std::mem::take(&mut state.withheld_items))
    }
}
