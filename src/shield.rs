//! Calls of code that belongs to the program and may panic.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Runs code of the program. Returns `None` if it panics.
#[inline]
pub(crate) fn shielded<T>(code: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(code)) {
        Ok(result) => Some(result),
        Err(payload) => {
            // The destructor of the payload also belongs to the program.
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
                mem::forget(payload);
            }
            None
        }
    }
}

/// A value of the program. Its methods and its destructor may panic.
pub(crate) struct Shielded<T>(Option<T>);

impl<T> Shielded<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Some(value))
    }

    /// Uses the value. Returns `None` if that panics.
    pub(crate) fn with<R>(&self, code: impl FnOnce(&T) -> R) -> Option<R> {
        let value = self.0.as_ref()?;
        shielded(|| code(value))
    }

    /// Same as [`with`](Self::with), with exclusive access.
    pub(crate) fn with_mut<R>(&mut self, code: impl FnOnce(&mut T) -> R) -> Option<R> {
        let value = self.0.as_mut()?;
        shielded(|| code(value))
    }
}

impl<T> Drop for Shielded<T> {
    fn drop(&mut self) {
        let value = self.0.take();
        let _ = shielded(|| drop(value));
    }
}
