//! The bridge from `tracing`: events become log records, spans become OpenTelemetry spans.

use std::{borrow::Cow, sync::OnceLock};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::{logs::SdkLogRecord, trace::SdkTracerProvider};
use tracing::{Dispatch, Event, Metadata, Subscriber, dispatcher::WeakDispatch};
use tracing_log::NormalizeEvent as _;
use tracing_subscriber::{Layer, layer::Context as LayerContext, registry::LookupSpan};

use super::{
    internal_events::{InternalEvents, is_internal},
    layer_filter::{LOG_TRACER_TARGET, LayerFilter, SpansOrEvents},
    level::{from_tracing, severity},
    logger::LoggerFactory,
    prefiltered_logger::PrefilteredLogger,
    record::{add_location, init_record},
    record_visitor::RecordVisitor,
};
use crate::diagnostics::DiagnosticLog;

/// Returns the layers for spans and events.
///
/// Spans come first, so that the ids of a span are known when one of its events is recorded.
pub(crate) fn tracing_layers<S>(
    tracers: &SdkTracerProvider,
    logs: &LoggerFactory,
    diagnostics: DiagnosticLog,
) -> impl Layer<S> + Send + Sync + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    // Location, threads and idle times are a third of a span's cost and are rarely read.
    let spans = tracing_opentelemetry::layer()
        .with_tracer(tracers.tracer("tracing"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false)
        .with_filter(LayerFilter { filter: logs.filter.clone(), diagnostics, kind: SpansOrEvents::Spans });
    let events = LogLayer {
        logger: logs.prefiltered("tracing"),
        code_location: logs.code_location,
        dispatch: OnceLock::new(),
        internal_events: InternalEvents::new(diagnostics),
    }
    .with_filter(LayerFilter { filter: logs.filter.clone(), diagnostics, kind: SpansOrEvents::Events });
    spans.and_then(events)
}

struct LogLayer {
    logger: PrefilteredLogger,
    code_location: bool,
    /// The subscriber of this layer. It is not accessible otherwise while an event is handled.
    dispatch: OnceLock<WeakDispatch>,
    internal_events: InternalEvents,
}

impl LogLayer {
    /// Copies an event into `record`.
    ///
    /// `log` is the original metadata if the event is a record of the `log` crate.
    fn fill(&self, record: &mut SdkLogRecord, event: &Event<'_>, log: Option<&Metadata<'_>>) {
        let own = event.metadata();
        let target = log.map_or(Cow::Borrowed(own.target()), |log| log.target().to_owned().into());
        init_record(record, target, severity(from_tracing(*own.level())));
        event.record(&mut RecordVisitor { record, is_log: log.is_some() });
        if self.code_location {
            match log {
                None => add_location(record, own.file(), own.line()),
                Some(log) => add_location(record, log.file().map(str::to_owned), log.line()),
            }
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for LogLayer {
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        let _ = self.dispatch.set(subscriber.downgrade());
    }

    fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
        // A record of the `log` crate has its metadata among the fields.
        let log =
            if event.metadata().target() == LOG_TRACER_TARGET { event.normalized_metadata() } else { None };
        if is_internal(log.as_ref().unwrap_or(event.metadata()).target()) {
            return self.internal_events.report(event);
        }
        let mut record = self.logger.create_log_record();
        self.fill(&mut record, event, log.as_ref());
        if event.is_contextual() {
            // The SDK adds the ids of the current span, whether it is one of `tracing` or not.
            self.logger.emit(record);
            return;
        }
        let parent = event.parent().and_then(|parent| {
            let dispatch = self.dispatch.get()?.upgrade()?;
            tracing_opentelemetry::get_otel_context(parent, &dispatch)
        });
        // Without a parent the record belongs to no span, whatever span is current.
        let _current = parent.unwrap_or_default().attach();
        self.logger.emit(record);
    }
}
