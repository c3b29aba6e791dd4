//! A limit on repeated messages.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// Allows one message per minute and counts the items of those in between. Takes no lock, since
/// most items are lost when the program is overloaded.
#[derive(Debug)]
pub(crate) struct RateLimit {
    start: Instant,
    /// The time from which on a message is due, in milliseconds since `start`.
    due: AtomicU64,
    withheld_items: AtomicU64,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { start: Instant::now(), due: AtomicU64::new(0), withheld_items: AtomicU64::new(0) }
    }
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
        self.due_after(items, self.start.elapsed())
    }

    fn due_after(&self, items: u64, elapsed: Duration) -> Option<u64> {
        self.withheld_items.fetch_add(items, Ordering::AcqRel);
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let due = self.due.load(Ordering::Acquire);
        if millis(elapsed) < due {
            return None;
        }
        let next = millis(elapsed.saturating_add(Self::INTERVAL));
        // Of several threads, one writes the message.
        let is_first = self.due.compare_exchange(due, next, Ordering::AcqRel, Ordering::Acquire).is_ok();
        is_first.then(|| self.withheld_items.swap(0, Ordering::AcqRel))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_limit_allows_a_message_per_minute_with_all_items() {
        let limit = RateLimit::default();
        let due = |items, seconds| limit.due_after(items, Duration::from_secs(seconds));
        assert_eq!(due(1, 0), Some(1));
        assert_eq!((due(2, 1), due(3, 59)), (None, None));
        assert_eq!(due(4, 60), Some(9));
        assert_eq!(due(1, 119), None);
        assert_eq!(due(0, 120), Some(1));
        assert_eq!(due(0, 180), Some(0));
    }
}
