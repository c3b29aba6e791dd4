//! One log record as one line: text for people, JSON for machines.

pub(crate) mod json;
pub(crate) mod text;
pub(crate) mod value;

use std::time::SystemTime;

use opentelemetry::{InstrumentationScope, logs::Severity};
use opentelemetry_sdk::logs::SdkLogRecord;

/// The target of a record: its own, else the name of its scope.
fn target<'r>(record: &'r SdkLogRecord, scope: &'r InstrumentationScope) -> &'r str {
    record.target().map_or(scope.name(), |target| target)
}

/// The time of a record, as RFC 3339 in UTC with microseconds.
pub(crate) fn time(time: Option<SystemTime>) -> String {
    let timestamp =
        time.and_then(|time| jiff::Timestamp::try_from(time).ok()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{timestamp:.6}")
}

fn time_of(record: &SdkLogRecord) -> String {
    time(record.timestamp().or(record.observed_timestamp()))
}

/// The level that people know a severity by.
fn level(severity: Option<Severity>) -> &'static str {
    match severity.map_or(0, |severity| severity as u8) {
        0 => "-",
        1..=4 => "TRACE",
        5..=8 => "DEBUG",
        9..=12 => "INFO",
        13..=16 => "WARN",
        17..=20 => "ERROR",
        _ => "FATAL",
    }
}
