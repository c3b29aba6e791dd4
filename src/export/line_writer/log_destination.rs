//! Log records as lines.

use std::{cell::RefCell, sync::Arc, time::Instant};

use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::logs::SdkLogRecord;

use super::writer::LineWriter;
use crate::{
    export::{
        destination::LogDestination,
        flush::{Flush, FlushError},
        stats::recorder::StatsRecorder,
    },
    format::LineFormat,
};

/// Writes each record as a line, on the thread that logs.
#[derive(Debug)]
pub(crate) struct LineLogDestination {
    pub(crate) lines: Arc<LineWriter>,
    pub(crate) format: LineFormat,
    pub(crate) recorder: Arc<StatsRecorder>,
}

thread_local! {
    /// Reused from line to line.
    static LINE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The largest buffer that is kept for the next line.
const MAX_KEPT: usize = 64 * 1024;

impl LogDestination for LineLogDestination {
    fn accepts(&self) -> bool {
        self.lines.accepts()
    }

    fn refuse(&self) {
        self.lines.refuse_full(1, &self.recorder);
    }

    fn emit(&self, record: &SdkLogRecord, scope: &InstrumentationScope) {
        if self.lines.refuse_early(1, &self.recorder) {
            return;
        }
        let write = |line: &mut String| {
            line.clear();
            self.format.push_record(line, record, scope);
            self.lines.push(line, 1, &self.recorder);
        };
        let written = LINE.try_with(|line| {
            let mut line = line.try_borrow_mut().ok()?;
            write(&mut line);
            if line.capacity() > MAX_KEPT {
                *line = String::new();
            }
            Some(())
        });
        // The thread ends, or the writer of the console logs itself.
        if !matches!(written, Ok(Some(()))) {
            write(&mut String::new());
        }
    }
}

/// The writer is not closed here, since other signals may still have lines for it.
impl Flush for LineLogDestination {
    fn request_flush(&self) -> u64 {
        self.lines.request_flush()
    }

    fn wait_flushed(&self, position: u64, deadline: Instant) -> Result<(), FlushError> {
        self.lines.wait_flushed(position, deadline)
    }
}
