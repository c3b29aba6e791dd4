//! Log records as lines.

use std::{cell::Cell, sync::Arc, time::Duration};

use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    logs::{LogProcessor, SdkLogRecord},
};

use super::Lines;
use crate::logs::line::Format;

/// Writes each record as a line, by the thread that logs.
#[derive(Debug)]
pub(crate) struct LineLogs {
    pub(crate) lines: Arc<Lines>,
    pub(crate) format: Format,
    /// How long a flush may take.
    pub(crate) flush_limit: Duration,
}

thread_local! {
    /// Reused from line to line.
    static LINE: Cell<String> = const { Cell::new(String::new()) };
}

/// A line that grew larger than this is given back.
const MAX_KEPT: usize = 64 * 1024;

impl LogProcessor for LineLogs {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        if self.lines.is_gone(1) {
            return;
        }
        let mut line = LINE.try_with(Cell::take).unwrap_or_default();
        line.clear();
        self.format.line(&mut line, record, scope);
        self.lines.push(&line, 1);
        if line.capacity() <= MAX_KEPT {
            // Gone when the thread ends.
            let _ = LINE.try_with(|cell| cell.set(line));
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
