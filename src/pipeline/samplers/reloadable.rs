//! The sampler of all spans, which a reload replaces.

use std::sync::Arc;

use opentelemetry::{
    Context, KeyValue, TraceId,
    trace::{Link, SpanKind},
};
use opentelemetry_sdk::trace::{SamplingResult, ShouldSample};

use super::span_sampler::SpanSampler;
use crate::live_cell::{LiveCell, live};

/// Asks the current sampler. Clones share it.
#[derive(Debug, Clone)]
pub(in crate::pipeline) struct ReloadableSampler(Arc<LiveCell<SpanSampler>>);

live!(SpanSampler);

impl ReloadableSampler {
    pub(in crate::pipeline) fn new(sampler: SpanSampler) -> Self {
        Self(Arc::new(LiveCell::new(sampler)))
    }

    /// Replaces the sampler. Spans whose parent it has sampled stay sampled if it is parent-based.
    pub(in crate::pipeline) fn set(&self, sampler: SpanSampler) {
        self.0.set(sampler);
    }
}

impl ShouldSample for ReloadableSampler {
    fn should_sample(
        &self,
        parent_context: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        span_kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        self.0.with(|sampler| {
            sampler.should_sample(parent_context, trace_id, name, span_kind, attributes, links)
        })
    }
}
