//! Assertions about log records.

use opentelemetry::{
    Value,
    logs::{AnyValue, Severity},
    trace::{SpanContext, SpanId, TraceId},
};

use super::{
    Captured, CapturedLog,
    matches::{Attributed, Matches, assertion_methods},
};
use crate::format::value::text;

impl Attributed for CapturedLog {
    fn value_of(&self, key: &str) -> Option<AnyValue> {
        self.attribute(key).cloned()
    }
}

/// The log records that fit what was said so far; at least one does.
#[derive(Debug, Clone)]
pub struct LogAssertion(Matches<CapturedLog>);

impl LogAssertion {
    #[track_caller]
    pub(super) fn new(telemetry: &Captured, severity: Severity) -> Self {
        let mut found = telemetry.logs();
        found.retain(|log| log.record.severity_number() == Some(severity));
        Self(Matches::new(telemetry, format!("log at {}", severity.name()), found, ""))
    }

    assertion_methods!(CapturedLog);

    /// With this body: the message.
    ///
    /// # Panics
    ///
    /// When none is left.
    #[track_caller]
    pub fn with_body(self, body: impl Into<AnyValue>) -> Self {
        let shown = |body: &AnyValue| {
            let mut out = String::new();
            text(&mut out, body);
            out
        };
        let body = body.into();
        self.narrow(
            &format!(" that says {}", shown(&body)),
            |log| log.record.body() == Some(&body),
            |log| log.record.body().map(shown).unwrap_or_default(),
        )
    }

    /// That tells of an error with this message, as [`Logger::exception`](crate::Logger::exception) does.
    ///
    /// # Panics
    ///
    /// When none is left.
    #[track_caller]
    pub fn with_exception(self, message: &str) -> Self {
        self.with_attribute("exception.message", message.to_owned())
    }

    /// With this target: the name of the [`Logger`](crate::Logger), or the target of an event of `tracing`.
    ///
    /// # Panics
    ///
    /// When none is left.
    #[track_caller]
    pub fn with_target(self, target: &str) -> Self {
        self.narrow(
            &format!(" of {target:?}"),
            |log| log.target() == target,
            |log| format!("of {:?}", log.target()),
        )
    }

    /// Written in a span of this name, recorded here too.
    ///
    /// # Panics
    ///
    /// When none is left.
    #[track_caller]
    pub fn in_span(self, name: &str) -> Self {
        let names = self.0.telemetry.0.span_names();
        let span = |log: &CapturedLog| {
            let context = log.record.trace_context()?;
            names.get(&(context.trace_id, context.span_id))
        };
        self.narrow(
            &format!(" in span {name:?}"),
            |log| span(log).is_some_and(|span| span == name),
            |log| span(log).map_or_else(|| "in no span".to_owned(), |span| format!("in span {span:?}")),
        )
    }

    /// Written in this very span.
    ///
    /// # Panics
    ///
    /// When none is left.
    #[track_caller]
    pub fn in_span_context(self, span: &SpanContext) -> Self {
        let shown = |context: Option<(TraceId, SpanId)>| {
            context.map_or_else(|| "in no span".to_owned(), |(trace, id)| format!("in span {trace}-{id}"))
        };
        let context =
            |log: &CapturedLog| log.record.trace_context().map(|context| (context.trace_id, context.span_id));
        let wanted = Some((span.trace_id(), span.span_id()));
        self.narrow(&format!(" {}", shown(wanted)), |log| context(log) == wanted, |log| shown(context(log)))
    }

    /// All that are left.
    #[must_use]
    pub fn logs(&self) -> &[CapturedLog] {
        &self.0.found
    }
}
