//! A value that is read for each span and log record, and that a reload replaces.

use std::{
    cell::RefCell,
    rc::Rc,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::LocalKey,
};

/// A shared value with a handle in each thread that reads it. A thread notices a new value at its
/// next read.
///
/// A count that all threads change, as that of `Arc`, would slow them down.
#[derive(Debug)]
pub(crate) struct LiveCell<T> {
    /// A number that no other value has or had.
    version: AtomicU64,
    current: Mutex<Arc<T>>,
}

/// The handle of one thread. Its clones count in that thread only.
pub(crate) type LocalHandle<T> = Rc<Arc<T>>;

/// The value that a thread has read last, with its version.
pub(crate) type LastRead<T> = RefCell<(u64, Option<LocalHandle<T>>)>;

/// A value of a [`LiveCell`].
pub(crate) trait Live: Sized + 'static {
    /// Returns the last read of this thread.
    fn last_read() -> &'static LocalKey<LastRead<Self>>;
}

/// Implements [`Live`].
macro_rules! live {
    ($type:ty) => {
        impl crate::live_cell::Live for $type {
            fn last_read() -> &'static std::thread::LocalKey<crate::live_cell::LastRead<Self>> {
                thread_local! {
                    static LAST_READ: crate::live_cell::LastRead<$type> =
                        const { std::cell::RefCell::new((0, None)) };
                }
                &LAST_READ
            }
        }
    };
}
pub(crate) use live;

impl<T: Live> LiveCell<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { version: AtomicU64::new(next_version()), current: Mutex::new(Arc::new(value)) }
    }

    /// Replaces the value. Other threads may still use the previous one for a moment, and keep its
    /// memory until their next read.
    pub(crate) fn set(&self, value: T) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let previous = std::mem::replace(&mut *current, Arc::new(value));
        // Under the lock: a thread that reads this version finds this value or a later one.
        self.version.store(next_version(), Ordering::Release);
        drop(current);
        drop(previous);
    }

    /// Returns the value, for any thread.
    pub(crate) fn get(&self) -> Arc<T> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the value, for this thread.
    #[inline]
    pub(crate) fn load(&self) -> LocalHandle<T> {
        let version = self.version.load(Ordering::Acquire);
        let known = T::last_read().try_with(|last| match last.try_borrow().as_deref() {
            Ok((of_last, Some(value))) if *of_last == version => Some(Rc::clone(value)),
            _ => None,
        });
        if let Ok(Some(value)) = known { value } else { self.renew(version) }
    }

    /// Keeps the value for the next reads of this thread, unless the thread ends.
    #[cold]
    #[inline(never)]
    fn renew(&self, version: u64) -> LocalHandle<T> {
        let value = Rc::new(self.get());
        let previous = T::last_read().try_with(|last| {
            let mut last = last.try_borrow_mut().ok()?;
            std::mem::replace(&mut *last, (version, Some(Rc::clone(&value)))).1
        });
        // The last handle may end a pipeline, which may log.
        drop(previous);
        value
    }
}

fn next_version() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

#[cfg(test)]
mod tests {
    use std::{sync::atomic::AtomicBool, thread};

    use super::*;

    #[derive(Debug, PartialEq)]
    struct Number(u64);

    live!(Number);

    #[test]
    fn cells_of_one_type_do_not_mix() {
        let (a, b) = (LiveCell::new(Number(1)), LiveCell::new(Number(2)));
        for _ in 0..3 {
            assert_eq!((a.load().0, b.load().0), (1, 2));
        }
        a.set(Number(3));
        assert_eq!((a.load().0, b.load().0, a.get().0), (3, 2, 3));
    }

    #[test]
    fn value_can_be_read_and_replaced_while_it_is_read() {
        let cell = LiveCell::new(Number(1));
        let outer = cell.load();
        cell.set(Number(2));
        assert_eq!((outer.0, cell.load().0, outer.0), (1, 2, 1));
    }

    #[test]
    fn readers_never_see_an_older_value_again() {
        let (cell, stop) = (LiveCell::new(Number(0)), AtomicBool::new(false));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut last = 0;
                    while !stop.load(Ordering::Relaxed) {
                        let now = cell.load().0;
                        assert!(now >= last);
                        last = now;
                    }
                });
            }
            (1..20_000).for_each(|number| cell.set(Number(number)));
            stop.store(true, Ordering::Relaxed);
        });
        assert_eq!(cell.get().0, 19_999);
    }
}
