//! Samplers that rules select.

use std::sync::Arc;

use opentelemetry::{
    Context, KeyValue, TraceId,
    trace::{Link, SpanKind, SpanRef},
};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};

use super::{
    conditions::{Conditions, parent_kind},
    span_start::SpanStart,
};

/// Asks the sampler of the first rule that matches. A span that matches none is dropped.
#[derive(Debug, Clone)]
pub(super) struct RuleBasedSampler {
    rules: Arc<[(Conditions, Box<dyn ShouldSample>)]>,
}

impl RuleBasedSampler {
    pub(super) fn new(rules: impl IntoIterator<Item = (Conditions, Box<dyn ShouldSample>)>) -> Self {
        Self { rules: rules.into_iter().collect() }
    }
}

impl ShouldSample for RuleBasedSampler {
    fn should_sample(
        &self,
        parent_context: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        span_kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let span = SpanStart { parent_context, trace_id, name, kind: span_kind, attributes, links };
        let parent = parent_kind(span.parent().as_ref().map(SpanRef::span_context));
        match self.rules.iter().find(|(conditions, _)| conditions.hold(&span, parent)) {
            Some((_, sampler)) => span.sample_by(&**sampler),
            None => span.decide(SamplingDecision::Drop),
        }
    }
}
