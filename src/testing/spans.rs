//! Assertions about spans.

use std::time::Duration;

use opentelemetry::{
    Value,
    trace::{Event, SpanContext, SpanId, SpanKind, Status},
};
use opentelemetry_sdk::trace::SpanData;

use super::{
    Telemetry,
    matches::{Matches, has, with_attribute},
};

/// The spans that fit what was said so far; at least one does.
#[derive(Debug, Clone)]
pub struct SpanAssertion(Matches<SpanData>);

impl SpanAssertion {
    #[track_caller]
    pub(super) fn new(telemetry: &Telemetry, name: &str) -> Self {
        let description = format!("span {name:?}");
        Self(Matches::new(telemetry, &description, telemetry.spans(), |span| span.name == name))
    }

    #[track_caller]
    fn narrow(self, condition: &str, fits: impl FnMut(&SpanData) -> bool) -> Self {
        Self(self.0.narrow(condition, fits))
    }

    /// With this attribute.
    ///
    /// # Panics
    ///
    /// When none is left. So do all others here.
    #[track_caller]
    pub fn with_attribute(self, key: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.narrow(&with_attribute(key, &value), |span| has(&span.attributes, key, &value))
    }

    /// Whose parent, recorded here too, has this name.
    #[track_caller]
    pub fn under(self, parent: &str) -> Self {
        let names = self.0.telemetry.span_names();
        self.narrow(&format!(" under {parent:?}"), |span| {
            let id = (span.span_context.trace_id(), span.parent_span_id);
            names.get(&id).is_some_and(|name| name == parent)
        })
    }

    /// Without a parent: the first of its trace.
    #[track_caller]
    pub fn root(self) -> Self {
        self.narrow(" without a parent", |span| span.parent_span_id == SpanId::INVALID)
    }

    /// Whose parent is this span of another service.
    #[track_caller]
    pub fn with_remote_parent(self, parent: &SpanContext) -> Self {
        let (trace, id) = (parent.trace_id(), parent.span_id());
        self.narrow(&format!(" with the remote parent {trace}-{id}"), |span| {
            span.parent_span_is_remote && (span.span_context.trace_id(), span.parent_span_id) == (trace, id)
        })
    }

    /// Linked to this span.
    #[track_caller]
    pub fn linked_to(self, other: &SpanContext) -> Self {
        let (trace, id) = (other.trace_id(), other.span_id());
        self.narrow(&format!(" linked to {trace}-{id}"), |span| {
            span.links
                .iter()
                .any(|link| (link.span_context.trace_id(), link.span_context.span_id()) == (trace, id))
        })
    }

    /// Of this kind.
    #[track_caller]
    pub fn with_kind(self, kind: SpanKind) -> Self {
        self.narrow(&format!(" of kind {kind:?}"), move |span| span.span_kind == kind)
    }

    /// Of a tracer of this name.
    #[track_caller]
    pub fn with_scope(self, name: &str) -> Self {
        self.narrow(&format!(" of tracer {name:?}"), |span| span.instrumentation_scope.name() == name)
    }

    /// With exactly this status.
    #[track_caller]
    pub fn with_status(self, status: Status) -> Self {
        self.narrow(&format!(" with status {status:?}"), move |span| span.status == status)
    }

    /// With the status error, whatever its description.
    #[track_caller]
    pub fn with_error(self) -> Self {
        self.narrow(" with the status error", |span| matches!(span.status, Status::Error { .. }))
    }

    /// With an event of this name.
    #[track_caller]
    pub fn with_event(self, name: &str) -> Self {
        self.narrow(&format!(" with an event {name:?}"), |span| {
            span.events.iter().any(|event| event.name == name)
        })
    }

    /// With a recorded error of this message: an event `exception` that says so.
    #[track_caller]
    pub fn with_exception(self, message: &str) -> Self {
        let value = Value::from(message.to_owned());
        let is_it =
            |event: &Event| event.name == "exception" && has(&event.attributes, "exception.message", &value);
        self.narrow(&format!(" with the exception {message:?}"), |span| span.events.iter().any(is_it))
    }

    /// That lasted so long. Worth asking with a clock of one's own ([`TestBuilder::clock`](super::TestBuilder::clock)).
    #[track_caller]
    pub fn lasting(self, time: Duration) -> Self {
        self.narrow(&format!(" lasting {time:?}"), |span| {
            span.end_time.duration_since(span.start_time).is_ok_and(|took| took == time)
        })
    }

    /// Exactly so many.
    #[track_caller]
    pub fn times(self, times: usize) -> Self {
        Self(self.0.times(times))
    }

    /// The ids of the first one.
    #[must_use]
    pub fn span_context(&self) -> SpanContext {
        self.0.found[0].span_context.clone()
    }

    /// All that are left, for whatever there is no method for.
    #[must_use]
    pub fn spans(&self) -> &[SpanData] {
        &self.0.found
    }
}
