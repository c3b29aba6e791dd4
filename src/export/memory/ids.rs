//! Ids that count up from 1, so that every run of a test has the same ones.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::IdGenerator;

#[derive(Debug, Default)]
pub(crate) struct SequentialIds {
    traces: AtomicU32,
    spans: AtomicU64,
}

impl IdGenerator for SequentialIds {
    /// Counts in the first four bytes, which lines of text show.
    fn new_trace_id(&self) -> TraceId {
        let number = self.traces.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        TraceId::from(u128::from(number) << 96)
    }

    fn new_span_id(&self) -> SpanId {
        SpanId::from(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }
}
