//! A list that items are added to without a copy in between.

use std::mem;

/// The items in the order in which they were added. It grows when it is full and never shrinks.
///
/// `VecDeque` takes an item by value. The item is then on the stack while the list may grow, and is
/// copied twice. Here the caller gets a place first, and moves the item straight into it.
#[derive(Debug)]
pub(super) struct Ring<T> {
    places: Vec<Option<T>>,
    /// The index of the first item.
    first: usize,
    len: usize,
}

/// An empty place.
#[derive(Debug)]
pub(super) struct Place<'r, T>(&'r mut Option<T>);

impl<T> Place<'_, T> {
    #[expect(clippy::inline_always, reason = "a call would copy the item")]
    #[inline(always)]
    pub(super) fn fill(self, item: T) {
        // Dropping what is replaced, which is nothing, would be a call with the item on the stack.
        mem::forget(self.0.replace(item));
    }
}

impl<T> Ring<T> {
    pub(super) fn new() -> Self {
        Self { places: Vec::new(), first: 0, len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds a place at the end, which must be filled at once. There is always one.
    #[inline]
    pub(super) fn add(&mut self) -> Option<Place<'_, T>> {
        if self.len == self.places.len() {
            self.grow();
        }
        let index = self.index(self.len);
        self.len += 1;
        self.places.get_mut(index).map(Place)
    }

    /// Returns the index of the item at `position`.
    #[inline]
    fn index(&self, position: usize) -> usize {
        let index = self.first + position;
        if index < self.places.len() { index } else { index - self.places.len() }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        self.places.rotate_left(self.first);
        self.first = 0;
        self.places.resize_with((self.len * 2).max(16), || None);
    }

    /// Removes the first item.
    pub(super) fn take(&mut self) -> Option<T> {
        let item = self.places.get_mut(self.first)?.take()?;
        self.first = self.index(1);
        self.len -= 1;
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_keep_their_order_while_the_ring_grows() {
        let mut ring = Ring::new();
        let (mut added, mut taken) = (0..1000, 0);
        while taken < 1000 {
            for item in added.by_ref().take(7) {
                ring.add().unwrap().fill(item);
            }
            for _ in 0..5 {
                if let Some(item) = ring.take() {
                    assert_eq!(item, taken);
                    taken += 1;
                }
            }
            assert_eq!(ring.len(), added.start - taken);
        }
        assert_eq!(ring.take(), None);
    }
}
