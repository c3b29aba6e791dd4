//! Emits records that their source has filtered.

use std::{borrow::Cow, fmt, sync::Arc, time::SystemTime};

use opentelemetry::{
    Context, InstrumentationScope, KeyValue, SpanId, TraceFlags, TraceId,
    logs::{LogRecord as _, Logger as _, LoggerProvider as _, Severity},
    trace::TraceContextExt as _,
};
use opentelemetry_sdk::logs::{SdkLogRecord, SdkLogger, SdkLoggerProvider};

use super::{
    baggage_attributes::BaggageAttributes,
    line_fields::LineFields,
    record::init_record,
    record_fields::RecordFields,
    record_source::{Head, RecordLimits, RecordSource},
};
use crate::{
    context,
    format::{json::JsonLine, to_any_value},
};

/// Receives log records that have passed the filter.
pub(crate) trait RecordSink: fmt::Debug + Send + Sync {
    fn limits(&self) -> RecordLimits;

    /// Takes the record out of `record`; passing it by value would copy it. `is_within_limits` is
    /// `false` if that is unknown.
    fn emit_record(
        &self,
        record: &mut Option<SdkLogRecord>,
        scope: &Arc<InstrumentationScope>,
        is_within_limits: bool,
    );

    /// Returns whether records of this target are dropped in a trace that is not sampled.
    fn is_trace_based(&self, target: &str) -> bool;

    /// Returns whether all destinations write lines of JSON, and nothing else.
    fn writes_json(&self) -> bool;

    /// Emits a record as a line of JSON, which `write` appends.
    fn emit_line(&self, target: &str, severity: Severity, write: &mut dyn FnMut(&mut String));
}

/// Passes records to the sink, without a detour through the SDK.
///
/// The SDK would access the current context twice, panic where it is not accessible, and filter the
/// records again.
///
/// If all destinations write lines of JSON, it creates no record: it writes the fields into a line
/// as their source holds them.
#[derive(Debug, Clone)]
pub(crate) struct RecordEmitter {
    /// Creates records; the SDK has no other way.
    sdk: SdkLogger,
    scope: Arc<InstrumentationScope>,
    /// `None` if no exporter gets records.
    sink: Option<Arc<dyn RecordSink>>,
    /// A copy of the answer of the sink.
    writes_json: bool,
    baggage: Option<Arc<BaggageAttributes>>,
}

/// The ids of a span.
#[derive(Debug, Clone, Copy)]
struct SpanIds {
    trace: TraceId,
    span: SpanId,
    flags: TraceFlags,
}

impl SpanIds {
    /// Returns the ids of the span in `context`. A no-op span has none.
    #[inline]
    fn of(context: &Context) -> Option<Self> {
        if !context.has_active_span() {
            return None;
        }
        let span = context.span();
        let ids = span.span_context();
        let ids = Self { trace: ids.trace_id(), span: ids.span_id(), flags: ids.trace_flags() };
        (ids.trace != TraceId::INVALID).then_some(ids)
    }
}

impl RecordEmitter {
    pub(super) fn new(
        provider: &SdkLoggerProvider,
        sink: Option<Arc<dyn RecordSink>>,
        name: Cow<'static, str>,
        baggage: Option<Arc<BaggageAttributes>>,
    ) -> Self {
        let scope = InstrumentationScope::builder(name).build();
        let writes_json = sink.as_ref().is_some_and(|sink| sink.writes_json());
        let sdk = provider.logger_with_scope(scope.clone());
        Self { sdk, scope: Arc::new(scope), sink, writes_json, baggage }
    }

    /// Emits a record with the ids of the current span. Without access to the current context, it
    /// has no ids.
    #[inline]
    pub(super) fn emit(&self, head: Head<'_>, source: impl RecordSource) {
        if let Some(baggage) = &self.baggage {
            return self.emit_with(baggage, head, source);
        }
        let ids = context::with_current(|current| {
            (!current.is_telemetry_suppressed()).then(|| SpanIds::of(current))
        });
        if let Some(ids) = ids.unwrap_or(Some(None)) {
            self.send(head, source, ids);
        }
    }

    /// Emits a record with the ids of the span in `parent`, whatever span is current.
    pub(super) fn emit_in(&self, head: Head<'_>, source: impl RecordSource, parent: Option<&Context>) {
        let is_suppressed = context::with_current(Context::is_telemetry_suppressed) == Some(true)
            || parent.is_some_and(Context::is_telemetry_suppressed);
        match (&self.baggage, parent) {
            _ if is_suppressed => {}
            (Some(baggage), Some(parent)) => {
                self.send_record(head, source, SpanIds::of(parent), &baggage.of(parent), false);
            }
            _ => self.send(head, source, parent.and_then(SpanIds::of)),
        }
    }

    /// Same as [`emit`](Self::emit), with attributes from the current baggage.
    #[cold]
    fn emit_with(&self, baggage: &BaggageAttributes, head: Head<'_>, source: impl RecordSource) {
        let found = context::with_current(|current| {
            (!current.is_telemetry_suppressed()).then(|| (SpanIds::of(current), baggage.of(current)))
        });
        match found {
            Some(None) => {}
            Some(Some((ids, attributes))) if !attributes.is_empty() => {
                self.send_record(head, source, ids, &attributes, false);
            }
            Some(Some((ids, _))) => self.send(head, source, ids),
            None => self.send(head, source, None),
        }
    }

    fn send(&self, head: Head<'_>, mut source: impl RecordSource, ids: Option<SpanIds>) {
        let Some(sink) = &self.sink else { return };
        let is_unsampled = ids.is_some_and(|ids| !ids.flags.is_sampled());
        if is_unsampled && sink.is_trace_based(head.target.as_str()) {
            return;
        }
        let limits = sink.limits();
        let is_regular = source.is_regular(limits);
        if is_regular && self.writes_json {
            let (target, severity) = (head.target.as_str(), head.severity);
            return sink.emit_line(target, severity, &mut |out| {
                let mut line = JsonLine::start(out, Some(SystemTime::now()), Some(severity), target);
                let mut fields = LineFields::new(&mut line, limits.value_length);
                source.read(&mut fields);
                fields.end();
                line.end(ids.map(|ids| (ids.trace, ids.span)));
            });
        }
        self.send_record(head, source, ids, &[], is_regular && limits.value_length.is_none());
    }

    /// Sends a record. Attributes of the source replace those of `baggage`.
    fn send_record(
        &self,
        head: Head<'_>,
        mut source: impl RecordSource,
        ids: Option<SpanIds>,
        baggage: &[KeyValue],
        is_within_limits: bool,
    ) {
        let Some(sink) = &self.sink else { return };
        let mut record = Some(self.sdk.create_log_record());
        if let Some(record) = &mut record {
            init_record(record, head);
            for entry in baggage {
                record.add_attribute(entry.key.clone(), to_any_value(&entry.value));
            }
            let mut fields = RecordFields::new(record);
            source.read(&mut fields);
            fields.end();
            if let Some(ids) = ids {
                record.set_trace_context(ids.trace, ids.span, Some(ids.flags));
            }
        }
        sink.emit_record(&mut record, &self.scope, is_within_limits);
    }
}
