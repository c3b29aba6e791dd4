//! The state of the deliveries to one destination.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Records whether requests arrive. A destination that is down or overloaded gets one request at a
/// time.
#[derive(Debug, Default)]
pub(super) struct DeliveryState {
    /// The last request was accepted.
    has_succeeded: AtomicBool,
    /// The requests that wait for another attempt.
    retrying: AtomicUsize,
}

/// A request until its outcome.
#[derive(Debug)]
pub(super) struct Delivery<'s> {
    state: &'s DeliveryState,
    is_retrying: AtomicBool,
}

impl DeliveryState {
    /// Returns `true` if the destination accepts requests without delay.
    pub(super) fn is_healthy(&self) -> bool {
        self.has_succeeded.load(Ordering::Relaxed) && self.retrying.load(Ordering::Relaxed) == 0
    }

    pub(super) fn begin(&self) -> Delivery<'_> {
        Delivery { state: self, is_retrying: AtomicBool::new(false) }
    }
}

impl Delivery<'_> {
    /// Records that an attempt failed, and another will follow.
    pub(super) fn retry(&self) {
        if !self.is_retrying.swap(true, Ordering::Relaxed) {
            self.state.retrying.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn end(self, is_accepted: bool) {
        self.state.has_succeeded.store(is_accepted, Ordering::Relaxed);
    }
}

impl Drop for Delivery<'_> {
    fn drop(&mut self) {
        if *self.is_retrying.get_mut() {
            self.state.retrying.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_is_healthy_while_requests_are_accepted_at_once() {
        let state = DeliveryState::default();
        assert!(!state.is_healthy(), "nothing was accepted yet");
        state.begin().end(true);
        assert!(state.is_healthy());
        let (slow, other) = (state.begin(), state.begin());
        slow.retry();
        slow.retry();
        other.end(true);
        assert!(!state.is_healthy());
        slow.end(true);
        assert!(state.is_healthy());
        state.begin().end(false);
        assert!(!state.is_healthy());
    }
}
