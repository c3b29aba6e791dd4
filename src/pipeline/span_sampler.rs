//! The sampler of spans.

use opentelemetry::{
    Context, KeyValue, TraceId,
    trace::{Link, SpanKind, TraceContextExt as _, TraceState},
};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};

/// Decides which spans are recorded.
#[derive(Debug, Clone)]
pub(super) enum SpanSampler {
    /// The default, `parentbased_always_on`. The SDK's samplers come to the same result in two
    /// calls, which each read the parent.
    ParentOrOn,
    Other(Sampler),
}

impl ShouldSample for SpanSampler {
    fn should_sample(
        &self,
        parent_context: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        span_kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        if let Self::Other(sampler) = self {
            return sampler.should_sample(parent_context, trace_id, name, span_kind, attributes, links);
        }
        let (decision, trace_state) = match parent_context.filter(|context| context.has_active_span()) {
            None => (SamplingDecision::RecordAndSample, TraceState::default()),
            Some(context) => {
                let span = context.span();
                let parent = span.span_context();
                let decision = if parent.is_sampled() {
                    SamplingDecision::RecordAndSample
                } else {
                    SamplingDecision::Drop
                };
                (decision, parent.trace_state().clone())
            }
        };
        SamplingResult { decision, attributes: Vec::new(), trace_state }
    }
}
