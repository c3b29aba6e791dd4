//! Access to the parts of a log record that every format shows.

use std::time::SystemTime;

use opentelemetry::{InstrumentationScope, logs::Severity};
use opentelemetry_sdk::logs::SdkLogRecord;

/// Returns the target that `logs.level` filters on: that of the record, otherwise the scope name.
#[inline]
pub(crate) fn target<'r>(record: &'r SdkLogRecord, scope: &'r InstrumentationScope) -> &'r str {
    record.target().map_or(scope.name(), |target| target)
}

/// Returns the time of a record, otherwise the time at which it was observed.
#[inline]
pub(super) fn record_time(record: &SdkLogRecord) -> Option<SystemTime> {
    record.timestamp().or(record.observed_timestamp())
}

/// The names of the levels; the first one is for records without a severity.
pub(super) const LEVEL_NAMES: [&str; 7] = ["-", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

/// Returns the index of a severity in [`LEVEL_NAMES`].
///
/// The data model has four severity numbers per level.
#[inline]
pub(super) fn level_index(severity: Option<Severity>) -> usize {
    severity.map_or(0, |severity| (severity as usize).div_ceil(4)).min(LEVEL_NAMES.len() - 1)
}
