//! Lines whose outcome is not known yet.

use std::{sync::Arc, thread};

use super::output::LineError;
use crate::export::{
    otlp::encode::{EncodedItems, EncodedRequest, TooLarge},
    stats::recorder::{Reason, StatsRecorder},
};

/// The items of a batch that are not counted yet. If the exporter panics, they are lost.
#[derive(Debug)]
pub(super) struct PendingLines {
    recorder: Arc<StatsRecorder>,
    items: u64,
}

/// A line, and the number of its items.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) bytes: Vec<u8>,
    items: u64,
}

impl PendingLines {
    pub(super) fn new(recorder: &Arc<StatsRecorder>, items: u64) -> Self {
        Self { recorder: Arc::clone(recorder), items }
    }

    /// Returns the lines to write. Items that are too large for a line are lost.
    pub(super) fn lines(&mut self, encoded: EncodedItems) -> Vec<Line> {
        let EncodedItems { requests, shortened: _, too_large } = encoded;
        for TooLarge { bytes, largest } in too_large {
            self.fail(1, "oversized", &format_args!("an item of {bytes} bytes is too large; {largest}"));
        }
        let line = |EncodedRequest { mut body, items }| {
            body.push(b'\n');
            Line { bytes: body, items }
        };
        requests.into_iter().map(line).collect()
    }

    /// Counts the items of a line.
    pub(super) fn settle(&mut self, line: &Line, result: Result<(), LineError>) {
        match result {
            Ok(()) => {
                self.recorder.export_timed(line.items);
                self.items -= line.items;
            }
            Err(LineError::Unread) => {
                self.recorder.discard(line.items, Reason::Unread);
                self.items -= line.items;
            }
            Err(LineError::Failed(error)) => self.fail(line.items, "not_written", &error),
        }
    }

    fn fail(&mut self, items: u64, cause: &'static str, error: &dyn std::fmt::Display) {
        self.recorder.record_failed(items, cause, error);
        self.items -= items;
    }
}

impl Drop for PendingLines {
    fn drop(&mut self) {
        if thread::panicking() && self.items > 0 {
            self.fail(self.items, "panicked", &"the exporter panicked");
        }
    }
}
