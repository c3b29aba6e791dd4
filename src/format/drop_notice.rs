//! The line that is written in place of dropped lines.

use std::time::SystemTime;

use opentelemetry::{
    InstrumentationScope,
    logs::{LogRecord as _, Logger as _, LoggerProvider as _, Severity},
};
use opentelemetry_sdk::logs::SdkLoggerProvider;

use super::line_format::LineFormat;

/// Returns the line that reports `lines` dropped lines.
pub(crate) fn drop_notice(format: LineFormat, lines: u64) -> String {
    let scope = InstrumentationScope::builder("autotelemetry").build();
    // The SDK creates records only through a logger.
    let logger = SdkLoggerProvider::builder().build().logger_with_scope(scope.clone());
    let mut record = logger.create_log_record();
    record.set_timestamp(SystemTime::now());
    record.set_severity_number(Severity::Warn);
    let noun = if lines == 1 { "line" } else { "lines" };
    record.set_body(format!("{lines} {noun} dropped").into());
    record.add_attribute("dropped", i64::try_from(lines).unwrap_or(i64::MAX));
    let mut notice = String::new();
    format.push_record(&mut notice, &record, &scope);
    notice
}
