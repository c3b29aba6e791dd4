//! Emits records that their source has filtered.

use std::{borrow::Cow, fmt, sync::Arc};

use opentelemetry::{
    Context, InstrumentationScope,
    logs::{LogRecord as _, Logger as _, LoggerProvider as _},
    trace::TraceContextExt as _,
};
use opentelemetry_sdk::logs::{SdkLogRecord, SdkLogger, SdkLoggerProvider};

use crate::context;

/// Receives log records that have passed the filter.
pub(crate) trait RecordSink: fmt::Debug + Send + Sync {
    fn emit_filtered(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope);
}

/// Passes records to the sink, without a detour through the SDK.
///
/// The SDK would access the current context twice, panic where it is not accessible, and filter the
/// records again.
#[derive(Debug, Clone)]
pub(crate) struct RecordEmitter {
    /// Creates records; the SDK has no other way.
    sdk: SdkLogger,
    scope: InstrumentationScope,
    /// `None` if no exporter gets records.
    sink: Option<Arc<dyn RecordSink>>,
}

impl RecordEmitter {
    pub(super) fn new(
        provider: &SdkLoggerProvider,
        sink: Option<Arc<dyn RecordSink>>,
        name: Cow<'static, str>,
    ) -> Self {
        let scope = InstrumentationScope::builder(name).build();
        Self { sdk: provider.logger_with_scope(scope.clone()), scope, sink }
    }

    #[inline]
    pub(super) fn create_log_record(&self) -> SdkLogRecord {
        self.sdk.create_log_record()
    }

    /// Emits a record with the ids of the current span. Without access to the current context, it
    /// has no ids.
    #[inline]
    pub(super) fn emit(&self, record: &mut SdkLogRecord) {
        let is_suppressed = context::with_current(|current| {
            set_ids(record, current);
            current.is_telemetry_suppressed()
        });
        if is_suppressed != Some(true) {
            self.send(record);
        }
    }

    /// Emits a record with the ids of the span in `parent`, whatever span is current.
    pub(super) fn emit_in(&self, record: &mut SdkLogRecord, parent: Option<&Context>) {
        let is_suppressed = context::with_current(Context::is_telemetry_suppressed) == Some(true)
            || parent.is_some_and(Context::is_telemetry_suppressed);
        if is_suppressed {
            return;
        }
        if let Some(parent) = parent {
            set_ids(record, parent);
        }
        self.send(record);
    }

    #[inline]
    fn send(&self, record: &mut SdkLogRecord) {
        if let Some(sink) = &self.sink {
            sink.emit_filtered(record, &self.scope);
        }
    }
}

#[inline]
fn set_ids(record: &mut SdkLogRecord, context: &Context) {
    if context.has_active_span() {
        let span = context.span();
        let ids = span.span_context();
        record.set_trace_context(ids.trace_id(), ids.span_id(), Some(ids.trace_flags()));
    }
}
