//! Lines that wait to be written.

use std::{collections::VecDeque, io, sync::Arc};

use super::sink::WriteError;
use crate::export::stats::recorder::StatsRecorder;

/// The maximum number of queued bytes. The worker may hold the same number in addition.
pub(super) const QUEUE_CAPACITY: usize = 4 * 1024 * 1024;

/// Whole lines, and the recorder that counts each of them.
#[derive(Default)]
pub(super) struct LineQueue {
    bytes: Vec<u8>,
    entries: VecDeque<QueueEntry>,
}

struct QueueEntry {
    bytes: usize,
    content: EntryContent,
}

enum EntryContent {
    /// A number of items, and the recorder that counts them.
    Items(u64, Arc<StatsRecorder>),
    /// A notice about this number of dropped lines.
    DropNotice(u64),
}

impl LineQueue {
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns whether `bytes` more would exceed the capacity. An empty queue accepts any length.
    pub(super) fn is_full_for(&self, bytes: usize) -> bool {
        !self.is_empty() && self.len() + bytes > QUEUE_CAPACITY
    }

    pub(super) fn push(&mut self, lines: &[u8], items: u64, recorder: &Arc<StatsRecorder>) {
        self.push_entry(lines, EntryContent::Items(items, Arc::clone(recorder)));
    }

    pub(super) fn push_drop_notice(&mut self, line: &str, missing: u64) {
        self.push_entry(line.as_bytes(), EntryContent::DropNotice(missing));
    }

    fn push_entry(&mut self, lines: &[u8], content: EntryContent) {
        if self.bytes.capacity() == 0 {
            // Unused pages cost nothing. Growth on many threads would fragment their heaps.
            self.bytes.reserve(QUEUE_CAPACITY);
        }
        self.bytes.extend_from_slice(lines);
        self.entries.push_back(QueueEntry { bytes: lines.len(), content });
    }

    /// Passes all lines to `write` in chunks of about `chunk_size` bytes and empties the queue.
    ///
    /// `write` returns `Err(None)` if it does not attempt to write a chunk. Items that were not
    /// written are passed to `lose`. After each chunk, `done` receives its length and the number of
    /// missing lines.
    pub(super) fn drain(
        &mut self,
        chunk_size: usize,
        mut write: impl FnMut(&[u8]) -> Result<(), Option<WriteError>>,
        lose: impl Fn(u64, &StatsRecorder, Option<&io::Error>),
        mut done: impl FnMut(usize, u64),
    ) {
        let mut start = 0;
        while !self.entries.is_empty() {
            let mut chunk = Vec::new();
            let mut length = 0;
            while length < chunk_size
                && let Some(entry) = self.entries.pop_front()
            {
                length += entry.bytes;
                chunk.push(entry);
            }
            let (written, error) = match write(&self.bytes[start..start + length]) {
                Ok(()) => (length, None),
                Err(None) => (0, None),
                Err(Some(WriteError { written, error })) => (written, Some(error)),
            };
            let mut missing = 0;
            let mut end = 0;
            for QueueEntry { bytes, content } in chunk {
                end += bytes;
                match content {
                    EntryContent::Items(items, recorder) if end <= written => recorder.export(items),
                    EntryContent::DropNotice(_) if end <= written => {}
                    EntryContent::Items(items, recorder) => {
                        missing += items;
                        lose(items, &recorder, error.as_ref());
                    }
                    // The next notice includes the lines of one that was not written.
                    EntryContent::DropNotice(lines) => missing += lines,
                }
            }
            start += length;
            done(length, missing);
        }
        self.bytes.clear();
    }

    /// Releases the memory of a line that was longer than the capacity.
    pub(super) fn shrink(&mut self) {
        if self.bytes.capacity() > QUEUE_CAPACITY {
            *self = Self::default();
        }
    }
}
