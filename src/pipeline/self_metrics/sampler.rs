//! A sampler that counts its decisions. Each decision is one started span.

use std::sync::Arc;

use opentelemetry::{
    Context, KeyValue, TraceId,
    trace::{Link, SpanKind, SpanRef, TraceContextExt as _},
};
use opentelemetry_sdk::trace::{SamplingResult, ShouldSample};

use super::counters::{Counters, ParentOrigin};
use crate::pipeline::samplers::ReloadableSampler;

#[derive(Debug, Clone)]
pub(crate) struct CountingSampler {
    pub(in crate::pipeline) sampler: ReloadableSampler,
    pub(crate) counters: Arc<Counters>,
}

impl ShouldSample for CountingSampler {
    fn should_sample(
        &self,
        parent_context: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        span_kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let result = self.sampler.should_sample(parent_context, trace_id, name, span_kind, attributes, links);
        let parent = parent_context.map(Context::span);
        let parent = parent.as_ref().map(SpanRef::span_context).filter(|parent| parent.is_valid());
        let origin = match parent {
            None => ParentOrigin::None,
            Some(parent) if !parent.is_remote() => ParentOrigin::Local,
            Some(_) => ParentOrigin::Remote,
        };
        self.counters.sample_span(origin, &result.decision);
        result
    }
}
