//! Assertions about spans.

use std::time::Duration;

use opentelemetry::{
    Value,
    logs::AnyValue,
    trace::{SpanContext, SpanId, SpanKind, Status},
};
use opentelemetry_sdk::trace::SpanData;

use super::{
    attributes::{Attributed, find_attribute},
    matches::{Matches, assertion_methods},
    recording::Recording,
};
use crate::format::to_any_value;

impl Attributed for SpanData {
    fn attribute_value(&self, key: &str) -> Option<AnyValue> {
        find_attribute(&self.attributes, key).map(to_any_value)
    }
}

/// The spans matching all conditions so far (never empty).
///
/// [`Captured::assert_span`](crate::testing::Captured::assert_span) returns it.
#[derive(Debug, Clone)]
pub struct SpanAssertion(Matches<SpanData>);

impl SpanAssertion {
    #[track_caller]
    pub(super) fn new(recording: &Recording, name: &str) -> Self {
        let mut spans = recording.spans();
        spans.retain(|span| span.name == name);
        let is_open = || recording.open_span_names().iter().any(|other| other == name);
        let hint = if spans.is_empty() && is_open() { "one that has not ended" } else { "none" };
        Self(Matches::new(recording, format!("span {name:?}"), spans, hint))
    }

    assertion_methods!(SpanData);

    /// Keeps the spans whose parent is a captured span of this name.
    ///
    /// # Panics
    ///
    /// Panics if no item is left.
    #[track_caller]
    pub fn with_parent(self, name: &str) -> Self {
        let names = self.0.recording().span_names();
        let parent = |span: &SpanData| names.get(&(span.span_context.trace_id(), span.parent_span_id));
        self.narrow(
            &format!(" under {name:?}"),
            |span| parent(span).is_some_and(|parent| parent == name),
            |span| match parent(span) {
                Some(parent) => format!("under {parent:?}"),
                None => describe_parent(span),
            },
        )
    }

    /// Keeps the spans without a parent.
    ///
    /// # Panics
    ///
    /// Panics if no item is left.
    #[track_caller]
    pub fn root(self) -> Self {
        self.narrow(" without a parent", |span| span.parent_span_id == SpanId::INVALID, describe_parent)
    }

    /// Keeps the spans whose parent is this span of another service.
    ///
    /// # Panics
    ///
    /// Panics if no item is left.
    #[track_caller]
    pub fn with_remote_parent(self, parent: &SpanContext) -> Self {
        let (trace, id) = (parent.trace_id(), parent.span_id());
        self.narrow(
            &format!(" with the remote parent {trace}-{id}"),
            |span| {
                span.parent_span_is_remote
                    && (span.span_context.trace_id(), span.parent_span_id) == (trace, id)
            },
            describe_parent,
        )
    }

    /// Keeps the spans with a link to this span.
    ///
    /// # Panics
    ///
    /// Panics if no item is left.
    #[track_caller]
    pub fn linked_to(self, other: &SpanContext) -> Self {
        let ids = |context: &SpanContext| format!("{}-{}", context.trace_id(), context.span_id());
        let links = |span: &SpanData| -> Vec<String> {
            span.links.iter().map(|link| ids(&link.span_context)).collect()
        };
        let expected = ids(other);
        self.narrow(
            &format!(" linked to {expected}"),
            |span| links(span).contains(&expected),
            |span| format!("linked to [{}]", links(span).join(" ")),
        )
    }

    /// Keeps the spans of this kind.
    ///
    /// # Panics
    ///
    /// Panics if no item is left.
    #[track_caller]
    pub fn with_kind(self, kind: SpanKind) -> Self {
        let describe = |kind: &SpanKind| format!("of kind {kind:?}");
        self.narrow(
            &format!(" {}", describe(&kind)),
            move |span| span.span_kind == kind,
            |span| describe(&span.span_kind),
        )
    }

    /// Keeps the spans of a tracer of this name.
    ///
    /// # Panics
    ///
    /// Panics if no item is left.
    #[track_caller]
    pub fn with_scope(self, name: &str) -> Self {
        let describe = |name: &str| format!("of tracer {name:?}");
        self.narrow(
            &format!(" {}", describe(name)),
            |span| span.instrumentation_scope.name() == name,
            |span| describe(span.instrumentation_scope.name()),
        )
    }

    /// Keeps the spans with exactly this status.
    ///
    /// # Panics
    ///
    /// Panics if no item is left.
    #[track_caller]
    pub fn with_status(self, status: Status) -> Self {
        let describe = |status: &Status| format!("with status {status:?}");
        self.narrow(
            &format!(" {}", describe(&status)),
            move |span| span.status == status,
            |span| describe(&span.status),
        )
    }

    /// Keeps the spans with the status error, whatever its description.
    ///
    /// # Panics
    ///
    /// Panics if no item is left.
    #[track_caller]
    pub fn with_error(self) -> Self {
        self.narrow(
            " with the status error",
            |span| matches!(span.status, Status::Error { .. }),
            |span| format!("with status {:?}", span.status),
        )
    }

    /// Keeps the spans with an event of this name.
    ///
    /// # Panics
    ///
    /// Panics if no item is left.
    #[track_caller]
    pub fn with_event(self, name: &str) -> Self {
        let names = |span: &SpanData| -> Vec<String> {
            span.events.iter().map(|event| event.name.to_string()).collect()
        };
        self.narrow(
            &format!(" with an event {name:?}"),
            |span| span.events.iter().any(|event| event.name == name),
            |span| format!("with events {:?}", names(span)),
        )
    }

    /// Keeps the spans with a recorded error of this message, which is an event `exception`.
    ///
    /// # Panics
    ///
    /// Panics if no item is left.
    #[track_caller]
    pub fn with_exception(self, message: &str) -> Self {
        let messages = |span: &SpanData| -> Vec<String> {
            let exceptions = span.events.iter().filter(|event| event.name == "exception");
            exceptions
                .filter_map(|event| find_attribute(&event.attributes, "exception.message"))
                .map(|message| message.as_str().into_owned())
                .collect()
        };
        self.narrow(
            &format!(" with the exception {message:?}"),
            |span| messages(span).iter().any(|recorded| recorded == message),
            |span| format!("with exceptions {:?}", messages(span)),
        )
    }

    /// Keeps the spans of exactly this duration.
    ///
    /// The duration is predictable only with a test clock
    /// ([`TestBuilder::clock`](crate::testing::TestBuilder::clock)).
    ///
    /// # Panics
    ///
    /// Panics if no item is left.
    #[track_caller]
    pub fn lasting(self, time: Duration) -> Self {
        let took = |span: &SpanData| span.end_time.duration_since(span.start_time).unwrap_or_default();
        self.narrow(
            &format!(" lasting {time:?}"),
            |span| took(span) == time,
            |span| format!("lasting {:?}", took(span)),
        )
    }

    /// Returns the ids of the first span that is left.
    #[must_use]
    pub fn span_context(&self) -> SpanContext {
        self.0.items()[0].span_context.clone()
    }

    /// Returns the spans that are left.
    #[must_use]
    pub fn spans(&self) -> &[SpanData] {
        self.0.items()
    }
}

/// Describes the parent of a span by its ids.
fn describe_parent(span: &SpanData) -> String {
    let kind = if span.parent_span_is_remote { "remote parent" } else { "parent" };
    match span.parent_span_id {
        SpanId::INVALID => "without a parent".to_owned(),
        id => format!("with the {kind} {}-{id}", span.span_context.trace_id()),
    }
}
