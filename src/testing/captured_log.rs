//! Captured log records.

use std::sync::Arc;

use opentelemetry::{InstrumentationScope, logs::AnyValue};
use opentelemetry_sdk::logs::SdkLogRecord;

use crate::format;

/// A log record as the pipeline received it.
///
/// ```
/// use autotelemetry::{prelude::*, testing};
///
/// let (tools, captured) = testing::tools();
/// tools.logger("shop").warn("out of boxes", &[KeyValue::new("left", 0)]);
///
/// let log = &captured.logs()[0];
/// assert_eq!(log.record().severity_number(), Some(Severity::Warn));
/// assert_eq!(log.target(), "shop");
/// assert_eq!(log.attribute("left"), Some(&0.into()));
/// ```
#[derive(Debug, Clone)]
pub struct CapturedLog {
    record: SdkLogRecord,
    scope: Arc<InstrumentationScope>,
}

impl CapturedLog {
    pub(super) fn new(record: SdkLogRecord, scope: Arc<InstrumentationScope>) -> Self {
        Self { record, scope }
    }

    /// Returns the record.
    #[must_use]
    pub fn record(&self) -> &SdkLogRecord {
        &self.record
    }

    /// Returns the instrumentation scope that emitted the record.
    #[must_use]
    pub fn scope(&self) -> &InstrumentationScope {
        &self.scope
    }

    /// Returns the target that `logs.level` filters on: the name of the [`Logger`](crate::Logger),
    /// or the target of a `tracing` event.
    #[must_use]
    pub fn target(&self) -> &str {
        format::target(&self.record, &self.scope)
    }

    /// Returns the value of an attribute.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&AnyValue> {
        self.record.attributes_iter().find(|(other, _)| other.as_str() == key).map(|(_, value)| value)
    }
}
