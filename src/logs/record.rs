//! The fields that every log record has, whatever its source.

use std::{borrow::Cow, time::SystemTime};

use opentelemetry::logs::{AnyValue, LogRecord as _, Severity};
use opentelemetry_sdk::logs::SdkLogRecord;

/// Sets target, severity and the current time.
#[inline]
pub(super) fn init_record(
    record: &mut SdkLogRecord,
    target: impl Into<Cow<'static, str>>,
    severity: Severity,
) {
    let now = SystemTime::now();
    record.set_timestamp(now);
    // Without an observed timestamp the SDK would read the clock again.
    record.set_observed_timestamp(now);
    record.set_severity_number(severity);
    record.set_severity_text(severity.name());
    record.set_target(target);
}

/// Adds the source location. See the semantic conventions, "Code attributes".
pub(super) fn add_location(record: &mut SdkLogRecord, file: Option<impl Into<AnyValue>>, line: Option<u32>) {
    if let Some(file) = file {
        record.add_attribute("code.file.path", file);
    }
    if let Some(line) = line {
        record.add_attribute("code.line.number", i64::from(line));
    }
}
