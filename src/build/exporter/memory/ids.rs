//! Ids that count up from 1, so that every run of a test sees the same.

use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::IdGenerator;

#[derive(Debug, Default)]
pub(in crate::build) struct SequentialIds {
    traces: AtomicU64,
    spans: AtomicU64,
}

fn next(counter: &AtomicU64) -> u64 {
    counter.fetch_add(1, Ordering::Relaxed) + 1
}

impl IdGenerator for SequentialIds {
    fn new_trace_id(&self) -> TraceId {
        TraceId::from(u128::from(next(&self.traces)))
    }

    fn new_span_id(&self) -> SpanId {
        SpanId::from(next(&self.spans))
    }
}
