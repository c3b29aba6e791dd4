//! The interface between processors and exporters.

use std::sync::Arc;

use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::{
    logs::SdkLogRecord,
    trace::{Span, SpanData},
};

use super::flush::Flush;

/// Receives the spans of one exporter.
pub(crate) trait SpanDestination: Flush {
    /// Returns whether [`start`](Self::start) has an effect.
    fn needs_start(&self) -> bool {
        false
    }

    /// Notes that a sampled span has started.
    fn start(&self, _span: &Span) {}

    /// Returns `false` if the destination would refuse a span now.
    fn accepts(&self) -> bool {
        true
    }

    /// Counts a span as lost. Called only if [`accepts`](Self::accepts) was `false`.
    fn refuse(&self) {}

    /// Notes that a sampled span has ended that is not exported.
    fn leave_out(&self, _span: &SpanData) {}

    /// Copies a sampled span that has ended.
    fn end(&self, span: &SpanData) {
        self.end_owned(span.clone());
    }

    /// Takes a sampled span that has ended.
    fn end_owned(&self, span: SpanData);
}

/// Receives the log records of one exporter.
pub(crate) trait LogDestination: Flush {
    /// Returns `false` if the destination would refuse a record now.
    fn accepts(&self) -> bool {
        true
    }

    /// Counts a record as lost. Called only if [`accepts`](Self::accepts) was `false`.
    fn refuse(&self) {}

    /// Returns `true` if the destination writes each record as a line of JSON, and nothing else.
    ///
    /// The two methods that follow are called only then.
    fn writes_json(&self) -> bool {
        false
    }

    /// Returns whether a line is refused, and if so counts it as lost.
    fn refuses_line(&self) -> bool {
        false
    }

    /// Writes a line of JSON.
    fn write_line(&self, _line: &str) {}

    /// Reads a record.
    fn emit(&self, record: &SdkLogRecord, scope: &Arc<InstrumentationScope>);

    /// Takes ownership of a record. This saves a copy if [`keeps_records`](Self::keeps_records) is
    /// `true`.
    fn emit_owned(&self, record: SdkLogRecord, scope: &Arc<InstrumentationScope>) {
        self.emit(&record, scope);
    }

    /// Returns `true` if the destination keeps records beyond the call.
    fn keeps_records(&self) -> bool {
        false
    }
}
