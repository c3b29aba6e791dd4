//! The bridge from `tracing`: events become log records, spans become OpenTelemetry spans.

use std::{
    borrow::Cow,
    collections::HashMap,
    error::Error,
    fmt::{self, Write as _},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use opentelemetry::{
    logs::{AnyValue, LogRecord as _},
    trace::TracerProvider as _,
};
use opentelemetry_sdk::{logs::SdkLogRecord, trace::SdkTracerProvider};
use tracing::{
    Dispatch, Event, Level, Metadata, Subscriber,
    dispatcher::WeakDispatch,
    field::{Field, Visit},
    subscriber::Interest,
};
use tracing_log::NormalizeEvent as _;
use tracing_subscriber::{
    Layer,
    filter::LevelFilter,
    layer::{Context as LayerContext, Filter as TracingFilter},
    registry::LookupSpan,
};

use super::{
    Filter, LoggerFactory,
    filter::{from_tracing, is_internal, severity, to_tracing},
    prefiltered_logger::PrefilteredLogger,
    record::{EXCEPTION_MESSAGE, add_location, display_lossy, formatted, init_record, integer},
};
use crate::{
    config,
    diagnostics::{Diagnostics, RateLimit},
};

/// All that `tracing` needs: spans first, so that the ids of a span are there when one of its events is recorded.
pub(crate) fn tracing_layers<S>(
    tracers: &SdkTracerProvider,
    logs: &LoggerFactory,
    diagnostics: Diagnostics,
) -> impl Layer<S> + Send + Sync + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    // Location, threads and idle times cost a third of a span's price and are rarely read.
    let spans = tracing_opentelemetry::layer()
        .with_tracer(tracers.tracer("tracing"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false)
        .with_filter(LayerFilter { filter: logs.filter.clone(), diagnostics, what: SpansOrEvents::Spans });
    let events = LogLayer {
        logger: logs.prefiltered("tracing"),
        code_location: logs.code_location,
        dispatch: OnceLock::new(),
        diagnostics,
        internal: Mutex::default(),
    }
    .with_filter(LayerFilter { filter: logs.filter.clone(), diagnostics, what: SpansOrEvents::Events });
    spans.and_then(events)
}

/// Asks the filter of the logs, which may change its mind.
struct LayerFilter {
    filter: Filter,
    diagnostics: Diagnostics,
    what: SpansOrEvents,
}

enum SpansOrEvents {
    /// Spans from level info on, and more detailed ones where `logs.level` asks for such detail. Of the events only
    /// errors, which give their span its status; all events are log records anyway.
    Spans,
    /// The events that `logs.level` wants, and those of the OpenTelemetry crates that `diagnostics.level` wants.
    Events,
}

impl LayerFilter {
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let (target, level) = (metadata.target(), *metadata.level());
        let by_filter = || self.filter.enabled(target, from_tracing(level));
        // In this order, since `tracing` asks about each event, the two filters being of different minds.
        match self.what {
            SpansOrEvents::Spans if metadata.is_event() => level == Level::ERROR && !is_internal(target),
            SpansOrEvents::Spans => !is_internal(target) && (level <= Level::INFO || by_filter()),
            SpansOrEvents::Events if !metadata.is_event() => false,
            SpansOrEvents::Events if is_internal(target) => self.diagnostics.shows(internal_level(metadata)),
            SpansOrEvents::Events => by_filter(),
        }
    }
}

impl<S> TracingFilter<S> for LayerFilter {
    fn enabled(&self, metadata: &Metadata<'_>, _: &LayerContext<'_, S>) -> bool {
        self.wants(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        // Records of `log` come through few callsites, each for all targets.
        if metadata.target() == LOG {
            Interest::sometimes()
        } else if self.wants(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    /// The same for both: of layers that are combined before they meet the registry, tracing-subscriber asks only the
    /// outer one.
    fn max_level_hint(&self) -> Option<LevelFilter> {
        let of_logs = to_tracing(self.filter.most_detailed());
        Some(of_logs.max(to_tracing(self.diagnostics.level())).max(LevelFilter::INFO))
    }
}

/// The target of all records of the `log` crate that `tracing_log::LogTracer` brings.
const LOG: &str = "log";

/// How much an event of an OpenTelemetry crate matters. Their information is about their own workings, which interests who
/// searches for a fault.
fn internal_level(metadata: &Metadata<'_>) -> config::LevelFilter {
    match from_tracing(*metadata.level()) {
        config::LevelFilter::Info => config::LevelFilter::Debug,
        level => level,
    }
}

struct LogLayer {
    logger: PrefilteredLogger,
    code_location: bool,
    /// The subscriber that this layer is part of; `tracing` has no other way to reach it while an event is handled.
    dispatch: OnceLock<WeakDispatch>,
    diagnostics: Diagnostics,
    /// What the OpenTelemetry crates say, each at most once a minute.
    internal: Mutex<HashMap<&'static str, Arc<RateLimit>>>,
}

impl LogLayer {
    /// Shows an event of an OpenTelemetry crate on standard error.
    fn show_internal(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let name = metadata.name();
        // The exporters report these themselves, with the destination.
        if name.ends_with(".ExportError") {
            return;
        }
        let mut text = Text(String::new());
        event.record(&mut text);
        // Not under the lock: whoever reads standard error may be slow.
        let limit =
            Arc::clone(self.internal.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default());
        if limit.is_due() {
            self.diagnostics.line(internal_level(metadata), format_args!("{name}:{}", text.0));
        }
    }

    /// Makes `record` that of an event; `log` is what is known of it when it was one of the `log` crate.
    fn fill(&self, record: &mut SdkLogRecord, event: &Event<'_>, log: Option<&Metadata<'_>>) {
        let own = event.metadata();
        let target = log.map_or(Cow::Borrowed(own.target()), |log| log.target().to_owned().into());
        init_record(record, target, severity(from_tracing(*own.level())));
        event.record(&mut Fields { record, is_log: log.is_some() });
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
        // A record of the `log` crate comes with its own metadata among the fields.
        let log = if event.metadata().target() == LOG { event.normalized_metadata() } else { None };
        if is_internal(log.as_ref().unwrap_or(event.metadata()).target()) {
            return self.show_internal(event);
        }
        let mut record = self.logger.create_log_record();
        self.fill(&mut record, event, log.as_ref());
        if event.is_contextual() {
            // The SDK adds the ids of whatever span is current, be it of `tracing` or not.
            self.logger.emit(record);
            return;
        }
        let parent = event.parent().and_then(|parent| {
            let dispatch = self.dispatch.get()?.upgrade()?;
            tracing_opentelemetry::get_otel_context(parent, &dispatch)
        });
        // Without a parent the record belongs to no span, whatever is current.
        let _current = parent.unwrap_or_default().attach();
        self.logger.emit(record);
    }
}

/// Copies the fields of an event into a record, each with its type.
struct Fields<'r> {
    record: &'r mut SdkLogRecord,
    is_log: bool,
}

impl Fields<'_> {
    fn add(&mut self, field: &Field, value: impl Into<AnyValue>) {
        let name = field.name();
        if name == "message" {
            self.record.set_body(value.into());
        } else if !(self.is_log && name.starts_with("log.")) {
            self.record.add_attribute(name, value);
        }
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, formatted(format_args!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.to_owned());
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.add(field, AnyValue::Bytes(Box::new(value.to_owned())));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, integer(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.add(field, integer(value));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.add(field, integer(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let message = display_lossy(value);
        self.record.add_attribute(EXCEPTION_MESSAGE, message.clone());
        self.add(field, message);
    }
}

/// The fields of an event as a text.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Their events repeat their own name as a field.
        if field.name() != "name" {
            let _ = write!(self.0, " {}={value:?}", field.name());
        }
    }
}
