//! The bridge from `tracing`: events become log records, spans become OpenTelemetry spans.

use std::{
    collections::HashMap,
    error::Error,
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::SystemTime,
};

use opentelemetry::{
    Context,
    logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _},
    trace::TracerProvider as _,
};
use opentelemetry_sdk::{
    logs::{SdkLogRecord, SdkLogger},
    trace::SdkTracerProvider,
};
use tracing::{
    Dispatch, Event, Level, Metadata, Subscriber,
    dispatcher::WeakDispatch,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    filter::{FilterFn, LevelFilter},
    layer::Context as LayerContext,
    registry::LookupSpan,
};

use super::{
    Filter, LoggerFactory,
    filter::{is_internal, severity},
};
use crate::diagnostics::RateLimit;

/// All that `tracing` needs: spans first, so that the ids of a span are there when one of its events is recorded.
pub(crate) fn layers<S>(tracers: &SdkTracerProvider, logs: &LoggerFactory) -> Box<dyn Layer<S> + Send + Sync>
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
        .with_filter(span_filter(logs.filter.clone()));
    let events =
        LogLayer { logger: logs.provider.logger(""), dispatch: OnceLock::new(), internal: Mutex::default() }
            .with_filter(event_filter(logs.filter.clone()));
    Box::new(spans.and_then(events))
}

/// Spans from level info on, and more detailed ones where `logs.level` asks for such detail. Of the events only errors,
/// which give their span its status; all events are log records anyway.
fn span_filter(filter: Filter) -> FilterFn<impl Fn(&Metadata<'_>) -> bool + Clone> {
    let hint = hint(&filter);
    FilterFn::new(move |metadata: &Metadata<'_>| {
        !is_internal(metadata.target())
            && if metadata.is_span() {
                *metadata.level() <= Level::INFO || filter.enabled(metadata.target(), *metadata.level())
            } else {
                *metadata.level() == Level::ERROR
            }
    })
    .with_max_level_hint(hint)
}

/// The events that `logs.level` wants, and the warnings of the OpenTelemetry crates.
fn event_filter(filter: Filter) -> FilterFn<impl Fn(&Metadata<'_>) -> bool + Clone> {
    let hint = hint(&filter);
    FilterFn::new(move |metadata: &Metadata<'_>| {
        metadata.is_event()
            && if is_internal(metadata.target()) {
                *metadata.level() <= Level::WARN
            } else {
                filter.enabled(metadata.target(), *metadata.level())
            }
    })
    .with_max_level_hint(hint)
}

/// The same for both filters: of layers that are combined before they meet the registry, tracing-subscriber asks only
/// the outer one.
fn hint(filter: &Filter) -> LevelFilter {
    filter.most_detailed().max(LevelFilter::INFO)
}

struct LogLayer {
    logger: SdkLogger,
    /// The subscriber that this layer is part of; `tracing` has no other way to reach it while an event is handled.
    dispatch: OnceLock<WeakDispatch>,
    /// What the OpenTelemetry crates say, each at most once a minute.
    internal: Mutex<HashMap<&'static str, Arc<RateLimit>>>,
}

impl LogLayer {
    /// Shows an event of an OpenTelemetry crate on standard error.
    fn show_internal(&self, event: &Event<'_>) {
        let name = event.metadata().name();
        // The exporters report these themselves, with the destination.
        if name.ends_with(".ExportError") {
            return;
        }
        let mut text = Text(String::new());
        event.record(&mut text);
        // Not under the lock: whoever reads standard error may be slow.
        let limit =
            Arc::clone(self.internal.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default());
        limit.line(format_args!("{name}:{}", text.0));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for LogLayer {
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        let _ = self.dispatch.set(subscriber.downgrade());
    }

    fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
        let metadata = event.metadata();
        if is_internal(metadata.target()) {
            return self.show_internal(event);
        }
        if Context::is_current_telemetry_suppressed() {
            return;
        }
        let severity = severity(*metadata.level());
        let mut record = self.logger.create_log_record();
        record.set_timestamp(SystemTime::now());
        record.set_severity_number(severity);
        record.set_severity_text(severity.name());
        record.set_target(metadata.target());
        event.record(&mut Fields(&mut record));

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
struct Fields<'r>(&'r mut SdkLogRecord);

impl Fields<'_> {
    fn add(&mut self, field: &Field, value: AnyValue) {
        if field.name() == "message" {
            self.0.set_body(value);
        } else {
            self.0.add_attribute(field.name(), value);
        }
    }

    /// OpenTelemetry has no larger integers than i64; a text keeps the digits.
    fn add_integer(&mut self, field: &Field, value: impl TryInto<i64> + Copy + fmt::Display) {
        let value = value.try_into().map_or_else(|_| value.to_string().into(), AnyValue::Int);
        self.add(field, value);
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, AnyValue::from(value.to_owned()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add_integer(field, value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.add_integer(field, value);
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.add_integer(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value.into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let message = value.to_string();
        // Once, however many errors an event has: keys are unique.
        if !self.0.attributes_iter().any(|(key, _)| key.as_str() == "exception.message") {
            self.0.add_attribute("exception.message", message.clone());
        }
        self.add(field, message.into());
    }
}

/// The fields of an event as a text.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        use fmt::Write as _;
        // Their events repeat their own name as a field.
        if field.name() != "name" {
            let _ = write!(self.0, " {}={value:?}", field.name());
        }
    }
}
