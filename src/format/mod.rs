//! One log record as one line: text for people, JSON for machines.

pub(crate) mod json;
pub(crate) mod text;
mod time;
pub(crate) mod value;

use opentelemetry::{
    InstrumentationScope,
    logs::{LogRecord as _, Logger as _, LoggerProvider as _, Severity},
};
use opentelemetry_sdk::logs::{SdkLogRecord, SdkLoggerProvider};

use self::{text::Palette, time::time};
use crate::logs::record::{init_record, target};

/// How lines are written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Format {
    Json,
    Text(Palette),
}

impl Format {
    /// Appends the line of one record.
    #[inline]
    pub(crate) fn line(self, out: &mut String, record: &SdkLogRecord, scope: &InstrumentationScope) {
        match self {
            Self::Json => json::line(out, record, scope),
            Self::Text(palette) => text::line(out, record, scope, palette),
        }
    }
}

/// Appends the time of a record.
fn time_of(out: &mut String, record: &SdkLogRecord) {
    time(out, record.timestamp().or(record.observed_timestamp()));
}

/// The levels that people know severities by.
const LEVELS: [&str; 7] = ["-", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

/// Which of [`LEVELS`] a severity belongs to: the data model has four numbers for each.
fn level(severity: Option<Severity>) -> usize {
    severity.map_or(0, |severity| (severity as usize).div_ceil(4)).min(LEVELS.len() - 1)
}

/// The line that stands where so many others are missing.
pub(crate) fn missing(format: Format, records: u64) -> String {
    let scope = InstrumentationScope::builder("autotelemetry").build();
    let logger = SdkLoggerProvider::builder().build().logger_with_scope(scope.clone());
    let mut record = logger.create_log_record();
    init_record(&mut record, "autotelemetry", Severity::Warn);
    let noun = if records == 1 { "line" } else { "lines" };
    record.set_body(format!("{records} {noun} dropped").into());
    record.add_attribute("dropped", i64::try_from(records).unwrap_or(i64::MAX));
    let mut line = String::new();
    format.line(&mut line, &record, &scope);
    line
}

/// A time as a text of its own.
pub(crate) fn time_text(at: Option<std::time::SystemTime>) -> String {
    let mut out = String::new();
    time(&mut out, at);
    out
}

/// Appends bytes as hexadecimal digits.
fn hex(out: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}
