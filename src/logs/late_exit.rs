//! Exits from spans while the current context is borrowed.
//!
//! `tracing-opentelemetry` keeps the guard of an entered span in a thread-local, under the id of
//! the span. If the guard is dropped while the context is borrowed, the SDK panics, and the context
//! of the span stays current for good. The guard is therefore dropped later, when the span may be
//! closed: a stand-in with the same id exits.

use std::sync::OnceLock;

use opentelemetry::trace::noop::NoopTracer;
use tracing::{
    Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::{
    Layer as _, Registry,
    registry::{Data, Extensions, ExtensionsMut, LookupSpan, SpanData},
};

use crate::context;

/// Detaches the context of a span when the current context is accessed next.
pub(super) fn exit_later(id: &Id, metadata: &'static Metadata<'static>) {
    let id = id.clone();
    context::detach_later(move || {
        let bridge: OpenTelemetryLayer<StandIn, NoopTracer> = tracing_opentelemetry::layer();
        let stand_in = StandIn { registry: Registry::default(), id: id.clone(), registered: OnceLock::new() };
        let subscriber = bridge.with_subscriber(stand_in);
        let values = metadata.fields().value_set_all(&[]);
        subscriber.new_span(&Attributes::new_root(metadata, &values));
        subscriber.exit(&id);
    });
}

/// A subscriber with one span, whose id is given.
struct StandIn {
    registry: Registry,
    id: Id,
    /// The id of the span in the registry.
    registered: OnceLock<Id>,
}

impl Subscriber for StandIn {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let _ = self.registered.set(self.registry.new_span(attributes));
        self.id.clone()
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl<'a> LookupSpan<'a> for StandIn {
    type Data = StandInData<'a>;

    fn span_data(&'a self, _: &Id) -> Option<StandInData<'a>> {
        let data = self.registry.span_data(self.registered.get()?)?;
        Some(StandInData { data, id: self.id.clone() })
    }
}

/// The data of the span, with the given id.
struct StandInData<'a> {
    data: Data<'a>,
    id: Id,
}

impl<'a> SpanData<'a> for StandInData<'a> {
    fn id(&self) -> Id {
        self.id.clone()
    }

    fn metadata(&self) -> &'static Metadata<'static> {
        self.data.metadata()
    }

    fn parent(&self) -> Option<&Id> {
        None
    }

    fn extensions(&self) -> Extensions<'_> {
        self.data.extensions()
    }

    fn extensions_mut(&self) -> ExtensionsMut<'_> {
        self.data.extensions_mut()
    }
}
