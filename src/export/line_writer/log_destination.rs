//! Log records as lines.

use std::{sync::Arc, time::Instant};

use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::logs::SdkLogRecord;

use super::{line_buffer::with_line, writer::LineWriter};
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

impl LogDestination for LineLogDestination {
    fn accepts(&self) -> bool {
        self.lines.accepts()
    }

    fn refuse(&self) {
        self.lines.refuse_full(1, &self.recorder);
    }

    fn writes_json(&self) -> bool {
        matches!(self.format, LineFormat::Json)
    }

    fn refuses_line(&self) -> bool {
        self.lines.refuse_early(1, &self.recorder)
    }

    fn write_line(&self, line: &str) {
        self.lines.push(line, 1, &self.recorder);
    }

    fn emit(&self, record: &SdkLogRecord, scope: &Arc<InstrumentationScope>) {
        if !self.refuses_line() {
            with_line(|line| {
                self.format.push_record(line, record, scope);
                self.write_line(line);
            });
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
