//! Assertions about log records.

use opentelemetry::{
    InstrumentationScope, Value,
    logs::{AnyValue, Severity},
    trace::SpanContext,
};
use opentelemetry_sdk::logs::SdkLogRecord;

use super::{
    Telemetry,
    matches::{Matches, with_attribute},
};
use crate::logs::line::value::{any, text};

/// A log record as it was recorded.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LogEntry {
    /// The record.
    pub record: SdkLogRecord,
    /// What wrote it.
    pub scope: InstrumentationScope,
}

impl LogEntry {
    /// The target that `logs.level` filters on: the name of the [`Logger`](crate::Logger), or the target of an event of `tracing`.
    #[must_use]
    pub fn target(&self) -> &str {
        self.record.target().map_or(self.scope.name(), |target| target)
    }

    /// The value of an attribute.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&AnyValue> {
        self.record.attributes_iter().find(|(other, _)| other.as_str() == key).map(|(_, value)| value)
    }
}

/// The log records that fit what was said so far; at least one does.
#[derive(Debug, Clone)]
pub struct LogAssertion(Matches<LogEntry>);

impl LogAssertion {
    #[track_caller]
    pub(super) fn new(telemetry: &Telemetry, severity: Severity) -> Self {
        let description = format!("log at {}", severity.name());
        let fits = |log: &LogEntry| log.record.severity_number() == Some(severity);
        Self(Matches::new(telemetry, &description, telemetry.logs(), fits))
    }

    #[track_caller]
    fn narrow(self, condition: &str, fits: impl FnMut(&LogEntry) -> bool) -> Self {
        Self(self.0.narrow(condition, fits))
    }

    /// With this body: the message.
    ///
    /// # Panics
    ///
    /// When none is left. So do all others here.
    #[track_caller]
    pub fn with_body(self, body: impl Into<AnyValue>) -> Self {
        let body = body.into();
        let mut condition = " that says ".to_owned();
        text(&mut condition, &body);
        self.narrow(&condition, |log| log.record.body() == Some(&body))
    }

    /// With this attribute.
    #[track_caller]
    pub fn with_attribute(self, key: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        let expected = any(&value);
        self.narrow(&with_attribute(key, &value), |log| log.attribute(key) == Some(&expected))
    }

    /// With this target: the name of the [`Logger`](crate::Logger), or the target of an event of `tracing`.
    #[track_caller]
    pub fn with_target(self, target: &str) -> Self {
        self.narrow(&format!(" of {target:?}"), |log| log.target() == target)
    }

    /// Written in a span of this name, recorded here too.
    #[track_caller]
    pub fn in_span(self, name: &str) -> Self {
        let names = self.0.telemetry.span_names();
        self.narrow(&format!(" in span {name:?}"), |log| {
            let context = log.record.trace_context();
            let found = context.and_then(|context| names.get(&(context.trace_id, context.span_id)));
            found.is_some_and(|found| found == name)
        })
    }

    /// Written in this very span.
    #[track_caller]
    pub fn in_span_context(self, span: &SpanContext) -> Self {
        let (trace, id) = (span.trace_id(), span.span_id());
        self.narrow(&format!(" in span {trace}-{id}"), |log| {
            log.record
                .trace_context()
                .is_some_and(|context| (context.trace_id, context.span_id) == (trace, id))
        })
    }

    /// Exactly so many.
    #[track_caller]
    pub fn times(self, times: usize) -> Self {
        Self(self.0.times(times))
    }

    /// All that are left, for whatever there is no method for.
    #[must_use]
    pub fn logs(&self) -> &[LogEntry] {
        &self.0.found
    }
}
