//! The minimum severities that loggers read.

use std::{
    collections::HashMap,
    sync::{
        Arc, Weak,
        atomic::{AtomicU8, Ordering},
    },
};

/// The number of entries from which those of dropped loggers are removed.
const MIN_CLEANUP_SIZE: usize = 64;

/// The minimum severity number per logger name, shared with the loggers and updated in place.
#[derive(Debug, Default)]
pub(super) struct MinSeverities {
    by_name: HashMap<String, Weak<AtomicU8>>,
    cleanup_size: usize,
}

impl MinSeverities {
    /// Returns the shared minimum of a name, initialized with `initial` if no logger has it yet.
    pub(super) fn track(&mut self, name: &str, initial: impl FnOnce() -> u8) -> Arc<AtomicU8> {
        if let Some(min_severity) = self.by_name.get(name).and_then(Weak::upgrade) {
            return min_severity;
        }
        if self.by_name.len() >= self.cleanup_size {
            self.by_name.retain(|_, min_severity| min_severity.strong_count() > 0);
            self.cleanup_size = (self.by_name.len() * 2).max(MIN_CLEANUP_SIZE);
        }
        let min_severity = Arc::new(AtomicU8::new(initial()));
        self.by_name.insert(name.to_owned(), Arc::downgrade(&min_severity));
        min_severity
    }

    /// Sets the minimum of each name to `of_name`.
    pub(super) fn update(&self, of_name: impl Fn(&str) -> u8) {
        for (name, min_severity) in &self.by_name {
            if let Some(min_severity) = min_severity.upgrade() {
                min_severity.store(of_name(name), Ordering::Relaxed);
            }
        }
    }
}
