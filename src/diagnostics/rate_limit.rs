//! A limit on repeated messages.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Allows one message per minute and counts the items of those in between.
#[derive(Debug, Default)]
pub(crate) struct RateLimit(Mutex<RateLimitState>);

#[derive(Debug, Default)]
struct RateLimitState {
    last: Option<Instant>,
    withheld_items: u64,
}

impl RateLimit {
    const INTERVAL: Duration = Duration::from_secs(60);

    /// Returns whether a message is due. The caller must then write it.
    pub(crate) fn is_due(&self) -> bool {
        self.due_for(0).is_some()
    }

    /// Returns the number of items since the last message, including `items`, if a message is due.
    ///
    /// The caller must then write the message, and must not hold a lock meanwhile: the reader of
    /// stderr may be slow.
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
