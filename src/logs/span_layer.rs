//! The bridge from spans of `tracing` to OpenTelemetry spans.

use std::sync::{Mutex, PoisonError};

use opentelemetry::{
    Context,
    trace::{TraceContextExt as _, TracerProvider as _},
};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::{
    Dispatch, Event, Metadata, Subscriber,
    field::ValueSet,
    span::{Attributes, Id, Record},
    subscriber::Interest,
};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::{
    Layer,
    filter::LevelFilter,
    layer::{Context as LayerContext, Filter},
    registry::LookupSpan,
};

use super::{
    formatted_fields::FormattedFields, late_exit::exit_later, shared_spans::SharedSpans, unattached_spans,
};
use crate::{context, diagnostics::DiagnosticLog, shield::shielded};

/// Is locked while a span gets a link to another.
///
/// `tracing-opentelemetry` locks both spans. Two threads that link the same spans in opposite
/// directions would wait for each other.
static FOLLOWING: Mutex<()> = Mutex::new(());

/// Converts spans with `tracing-opentelemetry`, and protects it from the program.
///
/// It panics, partly while it holds a lock, if a value cannot be formatted, if the current context
/// is borrowed, if the thread ends, and if another layer converts the same span.
pub(super) struct SpanLayer<S> {
    bridge: OpenTelemetryLayer<S, SdkTracer>,
    shared: SharedSpans,
}

/// Returns the layer that [`SpanLayer`] calls.
///
/// Location, threads and idle times are a third of a span's cost and are rarely read.
pub(super) fn bridge<S>(tracers: &SdkTracerProvider) -> OpenTelemetryLayer<S, SdkTracer>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_opentelemetry::layer()
        .with_tracer(tracers.tracer("tracing"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false)
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> SpanLayer<S> {
    pub(super) fn new(tracers: &SdkTracerProvider, diagnostics: DiagnosticLog, always_marks: bool) -> Self {
        Self { bridge: bridge(tracers), shared: SharedSpans::new(diagnostics, always_marks) }
    }

    pub(super) fn create(
        &self,
        attributes: &Attributes<'_>,
        id: &Id,
        ctx: LayerContext<'_, S>,
        dispatch: Option<&Dispatch>,
    ) {
        context::watch_created_spans();
        if !self.shared.claim(id, &ctx, dispatch) {
            return;
        }
        let metadata = attributes.metadata();
        let formatted = FormattedFields::new(metadata.fields(), |visitor| attributes.record(visitor));
        // The current context is not the parent if it lags behind or is not accessible.
        let has_other_parent =
            attributes.is_contextual() && (unattached_spans::exist() || !context::is_accessible());
        if formatted.is_none() && !has_other_parent {
            return self.bridge.on_new_span(attributes, id, ctx);
        }
        let create = |values: &ValueSet<'_>| {
            let parent = if has_other_parent {
                ctx.lookup_current().map(|parent| parent.id())
            } else {
                attributes.parent().cloned()
            };
            let attributes = match parent {
                Some(parent) => Attributes::child_of(parent, metadata, values),
                None if attributes.is_root() || has_other_parent => Attributes::new_root(metadata, values),
                None => Attributes::new(metadata, values),
            };
            self.bridge.on_new_span(&attributes, id, ctx.clone());
        };
        match formatted {
            Some(formatted) => formatted.read(metadata.fields(), create),
            None => create(attributes.values()),
        }
    }

    pub(super) fn record(&self, id: &Id, values: &Record<'_>, ctx: LayerContext<'_, S>) {
        let Some(metadata) = ctx.span(id).map(|span| span.metadata()) else { return };
        if !self.shared.converts(id, &ctx) {
            return;
        }
        match FormattedFields::new(metadata.fields(), |visitor| values.record(visitor)) {
            Some(formatted) => {
                formatted
                    .read(metadata.fields(), |values| self.bridge.on_record(id, &Record::new(values), ctx));
            }
            None => self.bridge.on_record(id, values, ctx),
        }
    }

    pub(super) fn follow(&self, id: &Id, follows: &Id, ctx: LayerContext<'_, S>) {
        // `tracing-opentelemetry` would lock the same span twice.
        if id != follows && self.shared.converts(id, &ctx) {
            let _following = FOLLOWING.lock().unwrap_or_else(PoisonError::into_inner);
            self.bridge.on_follows_from(id, follows, ctx);
        }
    }

    pub(super) fn enter(&self, id: &Id, ctx: LayerContext<'_, S>) {
        context::watch_entered_spans();
        if !self.shared.converts(id, &ctx) {
            return;
        }
        if context::can_attach() {
            self.bridge.on_enter(id, ctx);
        } else {
            unattached_spans::push(id);
        }
    }

    pub(super) fn exit(&self, id: &Id, ctx: LayerContext<'_, S>) {
        if unattached_spans::pop(id) || context::is_thread_ending() || !self.shared.converts(id, &ctx) {
            return;
        }
        if context::can_detach() {
            let _ = shielded(|| self.bridge.on_exit(id, ctx));
        } else if let Some(span) = ctx.span(id) {
            exit_later(id, span.metadata());
        }
    }

    /// Adds an error event to its span, and sets the status of the span.
    pub(super) fn add_error(&self, span: &Id, event: &Event<'_>, ctx: LayerContext<'_, S>) {
        if self.shared.converts(span, &ctx) {
            self.bridge.on_event(event, ctx);
        }
    }

    pub(super) fn close(&self, id: Id, ctx: LayerContext<'_, S>) {
        if self.shared.converts(&id, &ctx) {
            self.bridge.on_close(id, ctx);
        }
    }

    /// Returns the context of a span by entering it.
    ///
    /// Until the span is entered again or closed, this moment counts as its end.
    pub(super) fn context_by_entering(&self, id: &Id, ctx: &LayerContext<'_, S>) -> Option<Context> {
        if !context::can_attach() {
            return None;
        }
        let current_id = || context::with_current(|current| current.span().span_context().span_id());
        let before = current_id();
        self.bridge.on_enter(id, ctx.clone());
        let is_unknown = current_id() == before;
        let context = context::with_current(Clone::clone);
        self.bridge.on_exit(id, ctx.clone());
        // A span that is older than this layer has no context.
        let is_current = || ctx.lookup_current().is_some_and(|current| current.id() == *id);
        context.filter(|_| !is_unknown || is_current())
    }
}

/// Keeps all spans and events from a layer, which then only serves
/// `tracing_opentelemetry::OpenTelemetrySpanExt`.
///
/// That trait searches the subscriber for the type of the layer and cannot see into [`SpanLayer`].
pub(super) struct LookupOnly;

impl<S> Filter<S> for LookupOnly {
    fn enabled(&self, _: &Metadata<'_>, _: &LayerContext<'_, S>) -> bool {
        false
    }

    fn callsite_enabled(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::never()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::OFF)
    }
}
