//! Replaces log records. The SDK can add attributes to a record, but neither change nor remove any.

use opentelemetry::{
    Key,
    logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _},
    trace::TraceId,
};
use opentelemetry_sdk::logs::{SdkLogRecord, SdkLogger, SdkLoggerProvider, TraceContext};

/// Creates the records that replace others.
#[derive(Debug)]
pub(super) struct RecordReplacer(SdkLogger);

impl RecordReplacer {
    pub(super) fn new() -> Self {
        // The SDK warns about a logger without a name.
        Self(SdkLoggerProvider::builder().build().logger("replacement"))
    }

    /// Moves the record out of `record`, which is empty afterwards.
    pub(super) fn take(&self, record: &mut SdkLogRecord) -> SdkLogRecord {
        std::mem::replace(record, self.0.create_log_record())
    }

    /// Replaces the body and the attributes.
    pub(super) fn replace(
        &self,
        record: &mut SdkLogRecord,
        body: Option<AnyValue>,
        attributes: impl IntoIterator<Item = (Key, AnyValue)>,
    ) {
        let mut replacement = self.0.create_log_record();
        replacement.add_attributes(attributes);
        if let Some(body) = body {
            replacement.set_body(body);
        }
        copy_all_but_values(record, &mut replacement);
        *record = replacement;
    }
}

/// Returns `true` if the context is that of a span. No-op spans have ids of zeros, which are
/// invalid. See the specification, "Trace Context Fields" of the logs data model.
pub(super) fn is_valid(context: &TraceContext) -> bool {
    context.trace_id != TraceId::INVALID
}

fn copy_all_but_values(from: &SdkLogRecord, to: &mut SdkLogRecord) {
    if let Some(name) = from.event_name() {
        to.set_event_name(name);
    }
    if let Some(target) = from.target() {
        to.set_target(target.clone());
    }
    if let Some(time) = from.timestamp() {
        to.set_timestamp(time);
    }
    if let Some(time) = from.observed_timestamp() {
        to.set_observed_timestamp(time);
    }
    if let Some(context) = from.trace_context().filter(|context| is_valid(context)) {
        to.set_trace_context(context.trace_id, context.span_id, context.trace_flags);
    }
    if let Some(text) = from.severity_text() {
        to.set_severity_text(text);
    }
    if let Some(severity) = from.severity_number() {
        to.set_severity_number(severity);
    }
}
