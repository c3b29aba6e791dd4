//! The bridge from `tracing`: events become log records, spans become OpenTelemetry spans.

use std::{
    any::TypeId,
    ptr,
    sync::{Arc, OnceLock, atomic::Ordering},
};

use opentelemetry::Context;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::{
    Dispatch, Event, Level, Metadata, Subscriber,
    dispatcher::{self, WeakDispatch},
    span::{Attributes, Id, Record},
    subscriber::Interest,
};
use tracing_log::NormalizeEvent as _;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::{
    Layer, Registry,
    filter::Filtered,
    layer::{Context as LayerContext, Layered},
    registry::LookupSpan,
};

use super::{
    callsites,
    event_source::EventSource,
    formatted_fields::FormattedFields,
    internal_events::{InternalEvents, is_internal},
    layer_filter::{LOG_TRACER_TARGET, LayerFilter},
    logger::{CodeLocation, LoggerFactory},
    record_emitter::RecordEmitter,
    shared_spans::{is_converted, is_shared},
    span_layer::{LookupOnly, SpanLayer, bridge},
    unattached_spans,
};
use crate::diagnostics::DiagnosticLog;

/// The layer of this crate, and the one that serves [`OpenTelemetrySpanExt`].
///
/// [`OpenTelemetrySpanExt`]: tracing_opentelemetry::OpenTelemetrySpanExt
type WholeLayer<S> = Layered<
    Filtered<TracingLayer<S>, LayerFilter, S>,
    Filtered<OpenTelemetryLayer<S, SdkTracer>, LookupOnly, S>,
    S,
>;

/// Returns the layer for a subscriber that is being built.
pub(crate) fn tracing_layer<S>(
    tracers: &SdkTracerProvider,
    logs: &LoggerFactory,
    diagnostics: DiagnosticLog,
) -> impl Layer<S> + Send + Sync + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let layer = TracingLayer::new(tracers, logs, diagnostics, false);
    let filter = layer.filter.clone();
    // The filter of the outer layer gives the level hint of both.
    let whole: WholeLayer<S> = bridge(tracers).with_filter(LookupOnly).and_then(layer.with_filter(filter));
    whole
}

/// Returns the layer for a subscriber that may exist already, behind a `reload::Layer`.
///
/// The filter of a layer must be registered while its subscriber is built; without that,
/// `tracing-subscriber` panics in debug builds. If this thread's subscriber is of the type that the
/// layer is for, the layer filters for itself.
pub(crate) fn any_tracing_layer<S>(
    tracers: &SdkTracerProvider,
    logs: &LoggerFactory,
    diagnostics: DiagnosticLog,
) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let exists = dispatcher::get_default(|dispatch| dispatch.downcast_ref::<S>().is_some());
    if exists {
        Box::new(TracingLayer::new(tracers, logs, diagnostics, true))
    } else {
        Box::new(tracing_layer(tracers, logs, diagnostics))
    }
}

struct TracingLayer<S> {
    spans: SpanLayer<S>,
    emitter: RecordEmitter,
    code_location: CodeLocation,
    filter: LayerFilter,
    /// True if `tracing-subscriber` does not apply the filter.
    is_self_filtered: bool,
    /// The subscriber of this layer. It is not accessible otherwise while an event is handled.
    dispatch: OnceLock<WeakDispatch>,
    /// True if this layer is the first of its subscriber; empty until a span needs it.
    is_first: OnceLock<bool>,
    internal_events: InternalEvents,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> TracingLayer<S> {
    fn new(
        tracers: &SdkTracerProvider,
        logs: &LoggerFactory,
        diagnostics: DiagnosticLog,
        is_self_filtered: bool,
    ) -> Self {
        Self {
            spans: SpanLayer::new(tracers, diagnostics, is_self_filtered),
            emitter: logs.emitter("tracing"),
            code_location: Arc::clone(&logs.code_location),
            filter: LayerFilter {
                logs: logs.filter.clone(),
                diagnostics,
                span_scopes: logs.span_scopes.clone(),
            },
            is_self_filtered,
            dispatch: OnceLock::new(),
            is_first: OnceLock::new(),
            internal_events: InternalEvents::new(diagnostics),
        }
    }

    fn enables(&self, metadata: &Metadata<'_>) -> bool {
        !self.is_self_filtered || self.filter.enables(metadata)
    }

    /// Adds an error event to its span, and emits it as a record. Its values are formatted once.
    fn handle_error(&self, event: &Event<'_>, log: Option<&Metadata<'_>>, ctx: &LayerContext<'_, S>) {
        let target = log.map_or(event.metadata().target(), Metadata::target);
        let is_record = self.filter.enables_record(target, Level::ERROR);
        let span = if event.is_contextual() {
            ctx.lookup_current().map(|current| current.id())
        } else {
            event.parent().cloned()
        };
        let handle = |event: &Event<'_>| {
            if let Some(span) = &span {
                self.spans.add_error(span, event, ctx.clone());
            }
            if is_record {
                self.emit(event, log, ctx);
            }
        };
        let metadata = event.metadata();
        let formatted = if span.is_some() {
            FormattedFields::new(metadata.fields(), |visitor| event.record(visitor))
        } else {
            None
        };
        match formatted {
            None => handle(event),
            Some(formatted) => formatted.read(metadata.fields(), |values| {
                if event.is_contextual() {
                    handle(&Event::new(metadata, values));
                } else {
                    handle(&Event::new_child_of(event.parent().cloned(), metadata, values));
                }
            }),
        }
    }

    /// Emits an event as a record.
    ///
    /// `log` is the original metadata if the event is a record of the `log` crate.
    fn emit(&self, event: &Event<'_>, log: Option<&Metadata<'_>>, ctx: &LayerContext<'_, S>) {
        let code_location = self.code_location.load(Ordering::Relaxed);
        let source = EventSource { event, log, code_location };
        let head = source.head();
        if !event.is_contextual() {
            // Without a parent the record belongs to no span, whatever span is current.
            let parent = event.parent().and_then(|parent| self.span_context(parent, ctx));
            self.emitter.emit_in(head, source, parent.as_ref());
        } else if unattached_spans::exist() {
            let current = ctx.lookup_current().and_then(|current| self.span_context(&current.id(), ctx));
            self.emitter.emit_in(head, source, current.as_ref());
        } else {
            // The current span may be one of `tracing` or not.
            self.emitter.emit(head, source);
        }
    }

    /// Returns the context of a span that this layer handles.
    fn span_context(&self, id: &Id, ctx: &LayerContext<'_, S>) -> Option<Context> {
        // Keeps the span open.
        let _span = ctx.span(id)?;
        if self.is_self_filtered && !is_converted(id, ctx) {
            return None;
        }
        // The subscriber starts a span with the tracer of its outermost layer.
        let dispatch = if is_shared(id, ctx) { None } else { self.dispatch() };
        dispatch
            .and_then(|dispatch| tracing_opentelemetry::get_otel_context(id, &dispatch))
            .or_else(|| self.spans.context_by_entering(id, ctx))
    }

    /// Returns whether no other layer can have seen a span before: this layer was added alone to a
    /// bare registry. Its types show that; for others it is unknown.
    #[inline]
    fn is_first(&self) -> bool {
        *self.is_first.get_or_init(|| {
            TypeId::of::<S>() == TypeId::of::<Registry>()
                && self.dispatch().is_some_and(|dispatch| dispatch.is::<Layered<WholeLayer<S>, S>>())
        })
    }

    /// Returns the subscriber of this layer, if it is known.
    fn dispatch(&self) -> Option<Dispatch> {
        if let Some(dispatch) = self.dispatch.get() {
            return dispatch.upgrade();
        }
        // An `Option` of a layer does not pass on the subscriber at its registration.
        dispatcher::get_default(|dispatch| {
            let found = dispatch.downcast_ref::<Self>()?;
            ptr::eq(found, self).then(|| {
                let _ = self.dispatch.set(dispatch.downgrade());
                dispatch.clone()
            })
        })
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for TracingLayer<S> {
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        let _ = self.dispatch.set(subscriber.downgrade());
    }

    /// Is called only if the layer filters for itself. Any other answer would also apply to the
    /// other layers.
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        callsites::remember(metadata);
        Interest::sometimes()
    }

    /// Disables what is forbidden on this thread, for all layers.
    fn enabled(&self, metadata: &Metadata<'_>, _: LayerContext<'_, S>) -> bool {
        !LayerFilter::forbids(metadata)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: LayerContext<'_, S>) {
        if self.enables(attributes.metadata()) {
            let dispatch = if self.is_first() { None } else { self.dispatch() };
            self.spans.create(attributes, id, ctx, dispatch.as_ref());
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: LayerContext<'_, S>) {
        self.spans.record(id, values, ctx);
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, ctx: LayerContext<'_, S>) {
        self.spans.follow(id, follows, ctx);
    }

    fn on_event(&self, event: &Event<'_>, ctx: LayerContext<'_, S>) {
        // A record of the `log` crate has its metadata among the fields.
        let log =
            if event.metadata().target() == LOG_TRACER_TARGET { event.normalized_metadata() } else { None };
        let log = log.as_ref();
        let metadata = log.unwrap_or(event.metadata());
        if !self.enables(metadata) {
            return;
        }
        if is_internal(metadata.target()) {
            return self.internal_events.report(event);
        }
        if log.is_some_and(|log| callsites::is_forwarded_copy(log, event)) {
            return;
        }
        if *metadata.level() == Level::ERROR {
            self.handle_error(event, log, &ctx);
        } else {
            self.emit(event, log, &ctx);
        }
    }

    fn on_enter(&self, id: &Id, ctx: LayerContext<'_, S>) {
        self.spans.enter(id, ctx);
    }

    fn on_exit(&self, id: &Id, ctx: LayerContext<'_, S>) {
        self.spans.exit(id, ctx);
    }

    fn on_close(&self, id: Id, ctx: LayerContext<'_, S>) {
        self.spans.close(id, ctx);
    }
}
