//! The sampler of all spans, which a reload replaces.

use std::sync::Arc;

use arc_swap::ArcSwap;
use opentelemetry::{
    Context, KeyValue, TraceId,
    trace::{Link, SpanKind},
};
use opentelemetry_sdk::trace::{SamplingResult, ShouldSample};

use super::span_sampler::SpanSampler;

/// Asks the current sampler. Clones share it.
#[derive(Debug, Clone)]
pub(in crate::pipeline) struct ReloadableSampler(Arc<ArcSwap<SpanSampler>>);

impl ReloadableSampler {
    pub(in crate::pipeline) fn new(sampler: SpanSampler) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(sampler)))
    }

    /// Replaces the sampler. Spans whose parent it has sampled stay sampled if it is parent-based.
    pub(in crate::pipeline) fn set(&self, sampler: SpanSampler) {
        self.0.store(Arc::new(sampler));
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
        self.0.load().should_sample(parent_context, trace_id, name, span_kind, attributes, links)
    }
}
