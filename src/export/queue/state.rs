//! The items of a queue, and the batches that were taken from it.

use std::{mem, time::Duration};

use super::ring::{Place, Ring};
use crate::{config::BatchSettings, export::stats::recorder::Reason};

/// The items of a queue and their positions: the first item since the start has position 0.
#[derive(Debug)]
pub(super) struct BatchState<T> {
    /// The items, each with its bytes.
    items: Ring<(T, usize)>,
    bytes: usize,
    /// The position of the next item that is accepted.
    pushed: u64,
    /// The position of the next item that is taken.
    taken: u64,
    /// The positions at which the batches begin that are being exported.
    in_flight: Vec<u64>,
    /// Items before this position are due (timer or flush), even in a partial batch.
    requested: u64,
    /// The reason for which later items are refused.
    closed: Option<Reason>,
    settings: BatchSettings,
}

/// A batch that is being exported.
#[derive(Debug)]
pub(super) struct Batch<T> {
    pub(super) items: Vec<T>,
    /// The position of the first item.
    pub(super) position: u64,
}

impl<T> BatchState<T> {
    pub(super) fn new(settings: BatchSettings) -> Self {
        Self {
            items: Ring::new(),
            bytes: 0,
            pushed: 0,
            taken: 0,
            in_flight: Vec::new(),
            requested: 0,
            closed: None,
            settings,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn capacity(&self) -> usize {
        self.settings.max_queue_size
    }

    pub(super) fn schedule_delay(&self) -> Duration {
        self.settings.schedule_delay
    }

    pub(super) fn set_settings(&mut self, settings: BatchSettings) {
        self.settings = settings;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// Returns the reason for which the next item would be refused.
    pub(super) fn refusal(&self) -> Option<Reason> {
        if self.closed.is_some() {
            self.closed
        } else if self.items.len() >= self.settings.max_queue_size
            || self.bytes >= self.settings.max_queue_bytes
        {
            Some(Reason::QueueFull)
        } else {
            None
        }
    }

    /// Adds a place for an item of this size, which must be filled at once, with the item and its
    /// bytes.
    #[inline]
    pub(super) fn add(&mut self, bytes: usize) -> Option<Place<'_, (T, usize)>> {
        self.bytes += bytes;
        self.pushed += 1;
        self.items.add()
    }

    /// Returns `true` if the last item completed a batch. Later items need no further notice:
    /// either the batch is taken, or the end of another export leads to that.
    #[inline]
    pub(super) fn completes_batch(&self) -> bool {
        self.items.len() == self.settings.max_export_batch_size
    }

    /// Takes the next batch: a full one, or a partial one that is due. While the destination is not
    /// healthy, one batch at a time is exported, so that the others stay in the queue.
    pub(super) fn take(&mut self, is_healthy: bool) -> Option<Batch<T>> {
        let size = self.items.len().min(self.settings.max_export_batch_size);
        let is_due = size == self.settings.max_export_batch_size || self.taken < self.requested;
        let max_in_flight = if is_healthy { self.settings.max_concurrent_exports } else { 1 };
        if size == 0 || !is_due || self.in_flight.len() >= max_in_flight {
            return None;
        }
        let position = self.taken;
        self.taken += size as u64;
        self.in_flight.push(position);
        let mut items = Vec::with_capacity(size);
        while items.len() < size
            && let Some((item, bytes)) = self.items.take()
        {
            items.push(item);
            self.bytes -= bytes;
        }
        Some(Batch { items, position })
    }

    /// Records that the export of the batch at `position` has ended.
    pub(super) fn settle(&mut self, position: u64) {
        self.in_flight.retain(|other| *other != position);
    }

    /// Returns the position up to which all items are delivered or lost. Exports may end in any
    /// order.
    pub(super) fn settled(&self) -> u64 {
        self.in_flight.iter().copied().min().unwrap_or(self.taken)
    }

    /// Marks all items as due. Returns the position after the last one.
    pub(super) fn request_all(&mut self) -> u64 {
        self.requested = self.pushed;
        self.requested
    }

    /// Refuses items from now on, for `reason`.
    pub(super) fn close(&mut self, reason: Reason) {
        self.closed.get_or_insert(reason);
    }

    /// Refuses items from now on, and returns those that are left. The batches that are being
    /// exported may never end, so none of them is awaited.
    pub(super) fn discard(&mut self, reason: Reason) -> Ring<(T, usize)> {
        self.close(reason);
        self.bytes = 0;
        self.taken = self.pushed;
        self.in_flight.clear();
        mem::replace(&mut self.items, Ring::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(state: &mut BatchState<u64>, item: u64, bytes: usize) {
        state.add(bytes).unwrap().fill((item, bytes));
    }

    fn state(max_concurrent_exports: usize) -> BatchState<u64> {
        BatchState::new(BatchSettings {
            max_queue_size: 8,
            max_queue_bytes: 100,
            max_export_batch_size: 2,
            max_concurrent_exports,
            schedule_delay: Duration::ZERO,
        })
    }

    #[test]
    fn only_the_item_that_completes_a_batch_is_reported() {
        let mut state = state(1);
        let add = |state: &mut BatchState<u64>, items: u64| -> Vec<u64> {
            let completes = |item: &u64| {
                push(state, *item, 1);
                state.completes_batch()
            };
            (0..items).filter(completes).collect()
        };
        assert_eq!(add(&mut state, 5), [1]);
        state.take(true).unwrap();
        assert_eq!(add(&mut state, 3), [0; 0], "a complete batch waits for the one in flight");
        while state.len() > 0 {
            state.settle(state.settled());
            state.take(true).unwrap();
        }
        assert_eq!(add(&mut state, 3), [1]);
    }

    #[test]
    fn flush_position_waits_for_the_slowest_batch_before_it() {
        let mut state = state(2);
        (0..5).for_each(|item| push(&mut state, item, 10));
        let position = state.request_all();
        let first = state.take(true).unwrap();
        let second = state.take(true).unwrap();
        assert_eq!((first.items, second.items), (vec![0, 1], vec![2, 3]));
        assert!(state.take(true).is_none(), "two batches are in flight");
        state.settle(second.position);
        assert_eq!(state.settled(), 0);
        let third = state.take(true).unwrap();
        assert_eq!(third.items, [4]);
        state.settle(first.position);
        assert_eq!(state.settled(), 4);
        state.settle(third.position);
        assert_eq!(state.settled(), position);
    }

    #[test]
    fn one_batch_at_a_time_is_taken_for_a_faulty_destination() {
        let mut state = state(4);
        (0..6).for_each(|item| push(&mut state, item, 10));
        let first = state.take(false).unwrap();
        assert!(state.take(false).is_none());
        state.settle(first.position);
        assert!(state.take(false).is_some());
        assert!(state.take(true).is_some());
    }

    #[test]
    fn partial_batch_waits_until_it_is_due() {
        let mut state = state(1);
        (0..3).for_each(|item| push(&mut state, item, 10));
        let first = state.take(true).unwrap();
        state.settle(first.position);
        assert!(state.take(true).is_none());
        state.request_all();
        assert_eq!(state.take(true).unwrap().items, [2]);
    }

    #[test]
    fn queue_is_full_by_items_or_by_bytes() {
        let mut state = state(1);
        (0..8).for_each(|item| push(&mut state, item, 1));
        assert_eq!(state.refusal(), Some(Reason::QueueFull));
        state.take(true).unwrap();
        assert_eq!(state.refusal(), None);
        push(&mut state, 8, 94);
        assert_eq!((state.len(), state.refusal()), (7, Some(Reason::QueueFull)));
    }

    #[test]
    fn discarded_queue_is_settled_and_refuses_items() {
        let mut state = state(1);
        (0..5).for_each(|item| push(&mut state, item, 10));
        let batch = state.take(true).unwrap();
        let mut discarded = state.discard(Reason::ShutDown);
        assert_eq!([(); 3].map(|()| discarded.take()), [2, 3, 4].map(|item| Some((item, 10))));
        assert_eq!(discarded.len(), 0);
        assert_eq!((state.settled(), state.refusal()), (5, Some(Reason::ShutDown)));
        state.settle(batch.position);
        assert_eq!(state.settled(), 5);
    }
}
