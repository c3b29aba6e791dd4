//! The fields that every log record has, whatever its source.

use std::time::SystemTime;

use opentelemetry::logs::LogRecord as _;
use opentelemetry_sdk::logs::SdkLogRecord;

use super::record_source::{Fields, Head, Place, SourceValue};

/// Sets target, severity and the current time.
#[inline]
pub(super) fn init_record(record: &mut SdkLogRecord, head: Head<'_>) {
    let now = SystemTime::now();
    record.set_timestamp(now);
    // Without an observed timestamp the SDK would read the clock again.
    record.set_observed_timestamp(now);
    record.set_severity_number(head.severity);
    record.set_severity_text(head.severity.name());
    record.set_target(head.target.into_owned());
}

/// Adds the source location. See the semantic conventions, "Code attributes".
pub(super) fn add_location(fields: &mut impl Fields, file: Option<SourceValue<'_>>, line: Option<u32>) {
    if let Some(file) = file {
        fields.set(Place::Plain("code.file.path"), file);
    }
    if let Some(line) = line {
        fields.set(Place::Plain("code.line.number"), SourceValue::Int(line.into()));
    }
}
