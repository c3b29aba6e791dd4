//! Log records as tests see them.

use opentelemetry::{InstrumentationScope, logs::AnyValue};
use opentelemetry_sdk::logs::SdkLogRecord;

use crate::logs::target;

/// A log record as it was recorded.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CapturedLog {
    /// The record.
    pub record: SdkLogRecord,
    /// What wrote it.
    pub scope: InstrumentationScope,
}

impl CapturedLog {
    /// The target that `logs.level` filters on: the name of the [`Logger`](crate::Logger), or the target of an event of `tracing`.
    #[must_use]
    pub fn target(&self) -> &str {
        target(&self.record, &self.scope)
    }

    /// The value of an attribute.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&AnyValue> {
        self.record.attributes_iter().find(|(other, _)| other.as_str() == key).map(|(_, value)| value)
    }
}
