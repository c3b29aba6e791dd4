//! Log records as lines.

use std::{cell::RefCell, sync::Arc, time::Duration};

use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    logs::{LogProcessor, SdkLogRecord},
};

use super::writer::LineWriter;
use crate::{export::stats::recorder::StatsRecorder, format::LineFormat};

/// Writes each record as a line, by the thread that logs.
#[derive(Debug)]
pub(crate) struct LineLogProcessor {
    pub(crate) lines: Arc<LineWriter>,
    pub(crate) format: LineFormat,
    pub(crate) recorder: Arc<StatsRecorder>,
    /// How long a flush may take.
    pub(crate) flush_limit: Duration,
}

thread_local! {
    /// Reused from line to line.
    static LINE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A line that grew larger than this is given back.
const MAX_KEPT: usize = 64 * 1024;

impl LogProcessor for LineLogProcessor {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        if self.lines.drop_if_closed(1, &self.recorder) {
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

    fn force_flush(&self) -> OTelSdkResult {
        self.lines.flush(self.flush_limit)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        // Others may still have lines to write, so it goes on.
        self.lines.flush(timeout)
    }
}
