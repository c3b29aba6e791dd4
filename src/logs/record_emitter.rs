//! Emits records that their source has filtered.

use std::{borrow::Cow, sync::Arc, time::SystemTime};

use opentelemetry::{
    Context, InstrumentationScope, KeyValue, SpanId, TraceFlags, TraceId,
    logs::{LogRecord as _, Logger as _, LoggerProvider as _},
    trace::TraceContextExt as _,
};
use opentelemetry_sdk::logs::{SdkLogger, SdkLoggerProvider};

use super::{
    baggage_attributes::BaggageAttributes,
    line_fields::LineFields,
    record::init_record,
    record_fields::RecordFields,
    record_output::{RecordOutput, RecordSink, SharedOutput},
    record_source::{Head, RecordSource},
};
use crate::{
    context,
    format::{json::JsonLine, to_any_value},
};

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
    output: SharedOutput,
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
    pub(super) fn new(provider: &SdkLoggerProvider, output: SharedOutput, name: Cow<'static, str>) -> Self {
        let scope = InstrumentationScope::builder(name).build();
        let sdk = provider.logger_with_scope(scope.clone());
        Self { sdk, scope: Arc::new(scope), output }
    }

    /// Emits a record with the ids of the current span. Without access to the current context, it
    /// has no ids.
    #[inline]
    pub(super) fn emit(&self, head: Head<'_>, source: impl RecordSource) {
        let output = self.output.load();
        if let Some(baggage) = output.baggage() {
            return self.emit_with(&output, baggage, head, source);
        }
        let ids = context::with_current(|current| {
            (!current.is_telemetry_suppressed()).then(|| SpanIds::of(current))
        });
        if let Some(ids) = ids.unwrap_or(Some(None)) {
            self.send(&output, head, source, ids);
        }
    }

    /// Emits a record with the ids of the span in `parent`, whatever span is current.
    pub(super) fn emit_in(&self, head: Head<'_>, source: impl RecordSource, parent: Option<&Context>) {
        let is_suppressed = context::with_current(Context::is_telemetry_suppressed) == Some(true)
            || parent.is_some_and(Context::is_telemetry_suppressed);
        if is_suppressed {
            return;
        }
        let output = self.output.load();
        match (output.baggage(), output.sink(), parent) {
            (Some(baggage), Some(sink), Some(parent)) => {
                self.send_record(sink, head, source, SpanIds::of(parent), &baggage.of(parent), false);
            }
            _ => self.send(&output, head, source, parent.and_then(SpanIds::of)),
        }
    }

    /// Same as [`emit`](Self::emit), with attributes from the current baggage.
    #[cold]
    fn emit_with(
        &self,
        output: &RecordOutput,
        baggage: &BaggageAttributes,
        head: Head<'_>,
        source: impl RecordSource,
    ) {
        let found = context::with_current(|current| {
            (!current.is_telemetry_suppressed()).then(|| (SpanIds::of(current), baggage.of(current)))
        });
        match (found, output.sink()) {
            (Some(None), _) => {}
            (Some(Some((ids, attributes))), Some(sink)) if !attributes.is_empty() => {
                self.send_record(sink, head, source, ids, &attributes, false);
            }
            (Some(Some((ids, _))), _) => self.send(output, head, source, ids),
            (None, _) => self.send(output, head, source, None),
        }
    }

    fn send(
        &self,
        output: &RecordOutput,
        head: Head<'_>,
        mut source: impl RecordSource,
        ids: Option<SpanIds>,
    ) {
        let Some(sink) = output.sink() else { return };
        let is_unsampled = ids.is_some_and(|ids| !ids.flags.is_sampled());
        if is_unsampled && sink.is_trace_based(head.target.as_str()) {
            return;
        }
        let limits = sink.limits();
        let is_regular = source.is_regular(limits);
        if is_regular && output.writes_json() {
            let (target, severity) = (head.target.as_str(), head.severity);
            return sink.emit_line(target, severity, &mut |out| {
                let mut line = JsonLine::start(out, Some(SystemTime::now()), Some(severity), target);
                let mut fields = LineFields::new(&mut line, limits.value_length);
                source.read(&mut fields);
                fields.end();
                line.end(ids.map(|ids| (ids.trace, ids.span)));
            });
        }
        self.send_record(sink, head, source, ids, &[], is_regular && limits.value_length.is_none());
    }

    /// Sends a record. Attributes of the source replace those of `baggage`.
    fn send_record(
        &self,
        sink: &dyn RecordSink,
        head: Head<'_>,
        mut source: impl RecordSource,
        ids: Option<SpanIds>,
        baggage: &[KeyValue],
        is_within_limits: bool,
    ) {
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
