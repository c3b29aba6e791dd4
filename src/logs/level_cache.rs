//! The levels of the targets that this thread has asked for.

use std::{
    cell::RefCell,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::config::LevelFilter;

/// The number of targets that are kept per thread.
const ENTRIES: usize = 32;

/// The length of targets that are kept.
const MAX_LENGTH: usize = 38;

#[derive(Clone, Copy)]
struct CachedLevel {
    version: u64,
    length: u8,
    level: LevelFilter,
    target: [u8; MAX_LENGTH],
}

thread_local! {
    /// Has no destructor, and is therefore accessible while the thread ends.
    static CACHE: RefCell<[CachedLevel; ENTRIES]> = const {
        let unused = CachedLevel { version: 0, length: 0, level: LevelFilter::Off, target: [0; MAX_LENGTH] };
        RefCell::new([unused; ENTRIES])
    };
}

/// Returns a version of a filter that no other filter has or had.
pub(super) fn next_version() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

/// Returns the level of `target` in a version of a filter. `find` determines it.
#[inline]
pub(super) fn level_of(target: &str, version: u64, find: impl FnOnce() -> LevelFilter) -> LevelFilter {
    if target.len() > MAX_LENGTH {
        return find();
    }
    // Nearly all targets are constants, so that their address tells them apart.
    let address = target.as_ptr().addr();
    let index = (address ^ (address >> 5)) % ENTRIES;
    let known = CACHE.try_with(|cache| {
        let entry = &cache.try_borrow().ok()?[index];
        let is_known = entry.version == version
            && usize::from(entry.length) == target.len()
            && entry.target.get(..target.len()) == Some(target.as_bytes());
        is_known.then_some(entry.level)
    });
    if let Ok(Some(level)) = known { level } else { remember(index, target, version, find()) }
}

#[cold]
fn remember(index: usize, target: &str, version: u64, level: LevelFilter) -> LevelFilter {
    let _ = CACHE.try_with(|cache| {
        let mut cache = cache.try_borrow_mut().ok()?;
        let entry = &mut cache[index];
        entry.target.get_mut(..target.len())?.copy_from_slice(target.as_bytes());
        (entry.version, entry.level) = (version, level);
        entry.length = u8::try_from(target.len()).ok()?;
        Some(())
    });
    level
}
