//! What waits, and to whose account.

use std::{collections::VecDeque, io, sync::Arc};

use super::{CAPACITY, WriteError};
use crate::export::stats::recorder::StatsRecorder;

/// Whole lines, and what each of them stands for.
#[derive(Default)]
pub(crate) struct Queue {
    bytes: Vec<u8>,
    entries: VecDeque<Entry>,
}

struct Entry {
    bytes: usize,
    kind: Kind,
}

enum Kind {
    /// So many items of one account.
    Items(u64, Arc<StatsRecorder>),
    /// The line that tells of so many that were dropped.
    Notice(u64),
}

impl Queue {
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn push(&mut self, lines: &[u8], items: u64, recorder: &Arc<StatsRecorder>) {
        self.add(lines, Kind::Items(items, Arc::clone(recorder)));
    }

    pub(crate) fn push_notice(&mut self, line: &str, missing: u64) {
        self.add(line.as_bytes(), Kind::Notice(missing));
    }

    fn add(&mut self, lines: &[u8], kind: Kind) {
        if self.bytes.capacity() == 0 {
            // At once: what is not used costs nothing, and growing in many threads leaves pieces in the heap of each.
            self.bytes.reserve(CAPACITY);
        }
        self.bytes.extend_from_slice(lines);
        self.entries.push_back(Entry { bytes: lines.len(), kind });
    }

    /// Has `write` write everything, in pieces of about `size` bytes; it fails without an error for what it does not try.
    /// `lose` is told what did not arrive, and `done` after each piece its length and how many lines of it are missing.
    pub(crate) fn write(
        &mut self,
        size: usize,
        mut write: impl FnMut(&[u8]) -> Result<(), Option<WriteError>>,
        lose: impl Fn(u64, &StatsRecorder, Option<&io::Error>),
        mut done: impl FnMut(usize, u64),
    ) {
        let mut at = 0;
        while !self.entries.is_empty() {
            let mut piece = Vec::new();
            let mut length = 0;
            while length < size
                && let Some(entry) = self.entries.pop_front()
            {
                length += entry.bytes;
                piece.push(entry);
            }
            let (arrived, error) = match write(&self.bytes[at..at + length]) {
                Ok(()) => (length, None),
                Err(None) => (0, None),
                Err(Some(WriteError { bytes, error })) => (bytes, Some(error)),
            };
            let mut missing = 0;
            let mut end = 0;
            for Entry { bytes, kind } in piece {
                end += bytes;
                match kind {
                    Kind::Items(items, recorder) if end <= arrived => recorder.export(items),
                    Kind::Notice(_) if end <= arrived => {}
                    Kind::Items(items, recorder) => {
                        missing += items;
                        lose(items, &recorder, error.as_ref());
                    }
                    Kind::Notice(told) => missing += told,
                }
            }
            at += length;
            done(length, missing);
        }
        self.bytes.clear();
    }

    /// Gives memory back that a line longer than the queue took.
    pub(crate) fn shrink(&mut self) {
        if self.bytes.capacity() > CAPACITY {
            *self = Self::default();
        }
    }
}
