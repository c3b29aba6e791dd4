//! Assertions about spans.

use std::time::Duration;

use opentelemetry::{
    Value,
    logs::AnyValue,
    trace::{SpanContext, SpanId, SpanKind, Status},
};
use opentelemetry_sdk::trace::SpanData;

use super::{
    Captured,
    matches::{Attributed, Matches, assertion_methods, get},
};
use crate::format::value::any;

impl Attributed for SpanData {
    fn value_of(&self, key: &str) -> Option<AnyValue> {
        get(&self.attributes, key).map(any)
    }
}

/// The spans that fit what was said so far; at least one does.
#[derive(Debug, Clone)]
pub struct SpanAssertion(Matches<SpanData>);

impl SpanAssertion {
    #[track_caller]
    pub(super) fn new(telemetry: &Captured, name: &str) -> Self {
        let mut found = telemetry.spans();
        found.retain(|span| span.name == name);
        let is_open = || telemetry.0.open_names().iter().any(|other| other == name);
        let hint = if found.is_empty() && is_open() { " that has ended" } else { "" };
        Self(Matches::new(telemetry, format!("span {name:?}"), found, hint))
    }

    assertion_methods!(SpanData);

    /// Whose parent, recorded here too, has this name.
    ///
    /// # Panics
    ///
    /// When none is left.
    #[track_caller]
    pub fn with_parent(self, name: &str) -> Self {
        let names = self.0.telemetry.0.span_names();
        let parent = |span: &SpanData| names.get(&(span.span_context.trace_id(), span.parent_span_id));
        self.narrow(
            &format!(" under {name:?}"),
            |span| parent(span).is_some_and(|parent| parent == name),
            |span| match parent(span) {
                Some(parent) => format!("under {parent:?}"),
                None => of_parent(span),
            },
        )
    }

    /// Without a parent: the first of its trace.
    ///
    /// # Panics
    ///
    /// When none is left.
    #[track_caller]
    pub fn root(self) -> Self {
        self.narrow(" without a parent", |span| span.parent_span_id == SpanId::INVALID, of_parent)
    }

    /// Whose parent is this span of another service.
    ///
    /// # Panics
    ///
    /// When none is left.
    #[track_caller]
    pub fn with_remote_parent(self, parent: &SpanContext) -> Self {
        let (trace, id) = (parent.trace_id(), parent.span_id());
        self.narrow(
            &format!(" with the remote parent {trace}-{id}"),
            |span| {
                span.parent_span_is_remote
                    && (span.span_context.trace_id(), span.parent_span_id) == (trace, id)
            },
            of_parent,
        )
    }

    /// Linked to this span.
    ///
    /// # Panics
    ///
    /// When none is left.
    #[track_caller]
    pub fn linked_to(self, other: &SpanContext) -> Self {
        let ids = |context: &SpanContext| format!("{}-{}", context.trace_id(), context.span_id());
        let links = |span: &SpanData| -> Vec<String> {
            span.links.iter().map(|link| ids(&link.span_context)).collect()
        };
        let wanted = ids(other);
        self.narrow(
            &format!(" linked to {wanted}"),
            |span| links(span).contains(&wanted),
            |span| format!("linked to [{}]", links(span).join(" ")),
        )
    }

    /// Of this kind.
    ///
    /// # Panics
    ///
    /// When none is left.
    #[track_caller]
    pub fn with_kind(self, kind: SpanKind) -> Self {
        let shown = |kind: &SpanKind| format!("of kind {kind:?}");
        self.narrow(
            &format!(" {}", shown(&kind)),
            move |span| span.span_kind == kind,
            |span| shown(&span.span_kind),
        )
    }

    /// Of a tracer of this name.
    ///
    /// # Panics
    ///
    /// When none is left.
    #[track_caller]
    pub fn with_scope(self, name: &str) -> Self {
        let shown = |name: &str| format!("of tracer {name:?}");
        let scope = |span: &SpanData| span.instrumentation_scope.name().to_owned();
        self.narrow(&format!(" {}", shown(name)), |span| scope(span) == name, |span| shown(&scope(span)))
    }

    /// With exactly this status.
    ///
    /// # Panics
    ///
    /// When none is left.
    #[track_caller]
    pub fn with_status(self, status: Status) -> Self {
        let shown = |status: &Status| format!("with status {status:?}");
        self.narrow(
            &format!(" {}", shown(&status)),
            move |span| span.status == status,
            |span| shown(&span.status),
        )
    }

    /// With the status error, whatever its description.
    ///
    /// # Panics
    ///
    /// When none is left.
    #[track_caller]
    pub fn with_error(self) -> Self {
        self.narrow(
            " with the status error",
            |span| matches!(span.status, Status::Error { .. }),
            |span| format!("with status {:?}", span.status),
        )
    }

    /// With an event of this name.
    ///
    /// # Panics
    ///
    /// When none is left.
    #[track_caller]
    pub fn with_event(self, name: &str) -> Self {
        let names = |span: &SpanData| -> Vec<String> {
            span.events.iter().map(|event| event.name.to_string()).collect()
        };
        self.narrow(
            &format!(" with an event {name:?}"),
            |span| names(span).iter().any(|event| event == name),
            |span| format!("with events {:?}", names(span)),
        )
    }

    /// With a recorded error of this message: an event `exception` that says so.
    ///
    /// # Panics
    ///
    /// When none is left.
    #[track_caller]
    pub fn with_exception(self, message: &str) -> Self {
        let messages = |span: &SpanData| -> Vec<String> {
            let exceptions = span.events.iter().filter(|event| event.name == "exception");
            exceptions
                .filter_map(|event| get(&event.attributes, "exception.message"))
                .map(|message| message.as_str().into_owned())
                .collect()
        };
        self.narrow(
            &format!(" with the exception {message:?}"),
            |span| messages(span).iter().any(|recorded| recorded == message),
            |span| format!("with exceptions {:?}", messages(span)),
        )
    }

    /// That lasted so long. Worth asking with a clock of one's own ([`TestBuilder::clock`](crate::testing::TestBuilder::clock)).
    ///
    /// # Panics
    ///
    /// When none is left.
    #[track_caller]
    pub fn lasting(self, time: Duration) -> Self {
        let took = |span: &SpanData| span.end_time.duration_since(span.start_time).unwrap_or_default();
        self.narrow(
            &format!(" lasting {time:?}"),
            |span| took(span) == time,
            |span| format!("lasting {:?}", took(span)),
        )
    }

    /// The ids of the first one.
    #[must_use]
    pub fn span_context(&self) -> SpanContext {
        self.0.found[0].span_context.clone()
    }

    /// All that are left.
    #[must_use]
    pub fn spans(&self) -> &[SpanData] {
        &self.0.found
    }
}

/// What is known of the parent of a span besides a name.
fn of_parent(span: &SpanData) -> String {
    let kind = if span.parent_span_is_remote { "remote parent" } else { "parent" };
    match span.parent_span_id {
        SpanId::INVALID => "without a parent".to_owned(),
        id => format!("with the {kind} {}-{id}", span.span_context.trace_id()),
    }
}
