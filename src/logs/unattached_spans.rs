//! Spans that are entered while the current context cannot be changed.

use std::cell::{Cell, RefCell};

use tracing::span::Id;

thread_local! {
    /// The spans in the order in which they were entered.
    static SPANS: RefCell<Vec<Id>> = const { RefCell::new(Vec::new()) };
    /// The number of spans, readable at any time.
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

/// Returns whether this thread has entered such a span.
///
/// The current context then lags behind the current span of `tracing`.
#[inline]
pub(super) fn exist() -> bool {
    COUNT.try_with(Cell::get).unwrap_or(0) > 0
}

/// Adds a span that is entered.
pub(super) fn push(id: &Id) {
    update(|spans| spans.push(id.clone()));
}

/// Removes a span that is exited. Returns `false` if it was not entered in this way.
pub(super) fn pop(id: &Id) -> bool {
    exist()
        && update(|spans| {
            let found = spans.iter().rposition(|span| span == id);
            found.map(|index| spans.remove(index)).is_some()
        })
        .unwrap_or(false)
}

fn update<T>(change: impl FnOnce(&mut Vec<Id>) -> T) -> Option<T> {
    SPANS
        .try_with(|spans| {
            let mut spans = spans.borrow_mut();
            let result = change(&mut spans);
            let _ = COUNT.try_with(|count| count.set(spans.len()));
            result
        })
        .ok()
}
