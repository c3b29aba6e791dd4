//! The sampler of all spans, which a reload replaces.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use opentelemetry::{
    Context, KeyValue, TraceId,
    trace::{Link, SpanKind},
};
use opentelemetry_sdk::trace::{SamplingResult, ShouldSample};

use super::span_sampler::SpanSampler;
use crate::live_cell::{LiveCell, live};

/// Asks the current sampler. Clones share it.
#[derive(Debug, Clone)]
pub(in crate::pipeline) struct ReloadableSampler(Arc<State>);

#[derive(Debug)]
struct State {
    current: LiveCell<SpanSampler>,
    /// True if it is the default. That one has no state, so it is not read.
    is_default: AtomicBool,
}

live!(SpanSampler);

impl ReloadableSampler {
    pub(in crate::pipeline) fn new(sampler: SpanSampler) -> Self {
        let is_default = AtomicBool::new(is_default(&sampler));
        Self(Arc::new(State { current: LiveCell::new(sampler), is_default }))
    }

    /// Replaces the sampler. Spans whose parent it has sampled stay sampled if it is parent-based.
    pub(in crate::pipeline) fn set(&self, sampler: SpanSampler) {
        let is_default = is_default(&sampler);
        self.0.current.set(sampler);
        self.0.is_default.store(is_default, Ordering::Release);
    }
}

fn is_default(sampler: &SpanSampler) -> bool {
    matches!(sampler, SpanSampler::ParentOrOn)
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
        if self.0.is_default.load(Ordering::Acquire) {
            return SpanSampler::parent_or_on(parent_context);
        }
        let sampler = self.0.current.load();
        sampler.should_sample(parent_context, trace_id, name, span_kind, attributes, links)
    }
}
