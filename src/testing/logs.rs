//! Assertions about log records.

use opentelemetry::{
    Value,
    logs::{AnyValue, Severity},
    trace::{SpanContext, SpanId, TraceId},
};

use super::{
    attributes::Attributed,
    captured_log::CapturedLog,
    matches::{Matches, assertion_methods},
    recording::Recording,
};
use crate::format::value::push_value;

impl Attributed for CapturedLog {
    fn attribute_value(&self, key: &str) -> Option<AnyValue> {
        self.attribute(key).cloned()
    }
}

/// The log records matching all conditions so far (never empty).
///
/// [`Captured::assert_log`](crate::testing::Captured::assert_log) returns it.
#[derive(Debug, Clone)]
pub struct LogAssertion(Matches<CapturedLog>);

impl LogAssertion {
    #[track_caller]
    pub(super) fn new(recording: &Recording, severity: Severity) -> Self {
        let mut logs = recording.logs();
        logs.retain(|log| log.record().severity_number() == Some(severity));
        Self(Matches::new(recording, format!("log at {}", severity.name()), logs, "none"))
    }

    assertion_methods!(CapturedLog);

    /// Keeps the records with this body, which is the message.
    ///
    /// # Panics
    ///
    /// Panics if no item is left.
    #[track_caller]
    pub fn with_body(self, body: impl Into<AnyValue>) -> Self {
        let describe = |body: &AnyValue| {
            let mut out = String::new();
            push_value(&mut out, body);
            out
        };
        let body = body.into();
        self.narrow(
            &format!(" with body {}", describe(&body)),
            |log| log.record().body() == Some(&body),
            |log| log.record().body().map_or_else(|| "no body".to_owned(), describe),
        )
    }

    /// Keeps the records of an error with this message, as
    /// [`Logger::exception`](crate::Logger::exception) writes them.
    ///
    /// # Panics
    ///
    /// Panics if no item is left.
    #[track_caller]
    pub fn with_exception(self, message: &str) -> Self {
        self.with_attribute("exception.message", message.to_owned())
    }

    /// Keeps the records with this target: the name of the [`Logger`](crate::Logger), or the target
    /// of a `tracing` event.
    ///
    /// # Panics
    ///
    /// Panics if no item is left.
    #[track_caller]
    pub fn with_target(self, target: &str) -> Self {
        self.narrow(
            &format!(" with target {target:?}"),
            |log| log.target() == target,
            |log| format!("with target {:?}", log.target()),
        )
    }

    /// Keeps the records written in a captured span of this name.
    ///
    /// # Panics
    ///
    /// Panics if no item is left.
    #[track_caller]
    pub fn in_span(self, name: &str) -> Self {
        let names = self.0.recording().span_names();
        let span_name = |log: &CapturedLog| {
            let context = log.record().trace_context()?;
            names.get(&(context.trace_id, context.span_id))
        };
        self.narrow(
            &format!(" in span {name:?}"),
            |log| span_name(log).is_some_and(|span| span == name),
            |log| span_name(log).map_or_else(|| "in no span".to_owned(), |span| format!("in span {span:?}")),
        )
    }

    /// Keeps the records written in exactly this span.
    ///
    /// # Panics
    ///
    /// Panics if no item is left.
    #[track_caller]
    pub fn in_span_context(self, span: &SpanContext) -> Self {
        let describe = |context: Option<(TraceId, SpanId)>| {
            context.map_or_else(|| "in no span".to_owned(), |(trace, id)| format!("in span {trace}-{id}"))
        };
        let context = |log: &CapturedLog| {
            log.record().trace_context().map(|context| (context.trace_id, context.span_id))
        };
        let expected = Some((span.trace_id(), span.span_id()));
        self.narrow(
            &format!(" {}", describe(expected)),
            |log| context(log) == expected,
            |log| describe(context(log)),
        )
    }

    /// Returns the records that are left.
    #[must_use]
    pub fn logs(&self) -> &[CapturedLog] {
        self.0.items()
    }
}
