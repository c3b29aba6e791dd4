//! The sampler of spans.

use opentelemetry::{
    Context, KeyValue, TraceId,
    trace::{Link, SpanKind, TraceContextExt as _, TraceState},
};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};

/// Decides which spans are recorded.
#[derive(Debug, Clone)]
pub(in crate::pipeline) enum SpanSampler {
    /// The default, `parentbased_always_on`. The SDK's samplers come to the same result in two
    /// calls, which each read the parent.
    ParentOrOn,
    Other(Box<dyn ShouldSample>),
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
        match self {
            Self::ParentOrOn => Self::parent_or_on(parent_context),
            Self::Other(sampler) => {
                sampler.should_sample(parent_context, trace_id, name, span_kind, attributes, links)
            }
        }
    }
}

impl SpanSampler {
    /// Decides as the parent, and samples spans without one.
    #[inline]
    pub(super) fn parent_or_on(parent_context: Option<&Context>) -> SamplingResult {
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

#[cfg(test)]
mod tests {
    use opentelemetry::{
        SpanId, TraceFlags,
        trace::{SpanContext, TraceContextExt as _},
    };

    use opentelemetry_sdk::trace::Sampler;

    use super::*;

    #[test]
    fn default_sampler_decides_as_that_of_the_sdk() {
        let state = TraceState::from_key_value([("vendor", "1")]).unwrap();
        let parent = |trace: TraceId, flags, is_remote| {
            let ids = SpanContext::new(trace, SpanId::from(1), flags, is_remote, state.clone());
            Context::new().with_remote_span_context(ids)
        };
        let mut contexts = vec![None, Some(Context::new())];
        for trace in [TraceId::INVALID, TraceId::from(1)] {
            for flags in [TraceFlags::SAMPLED, TraceFlags::NOT_SAMPLED] {
                contexts.extend([true, false].map(|is_remote| Some(parent(trace, flags, is_remote))));
            }
        }
        let of_sdk = Sampler::ParentBased(Box::new(Sampler::AlwaysOn));
        for context in &contexts {
            let decide = |sampler: &dyn ShouldSample| {
                let kind = SpanKind::Internal;
                sampler.should_sample(context.as_ref(), TraceId::from(1), "span", &kind, &[], &[])
            };
            let (own, of_sdk) = (decide(&SpanSampler::ParentOrOn), decide(&of_sdk));
            assert_eq!(own.decision, of_sdk.decision, "{context:?}");
            assert_eq!(own.trace_state, of_sdk.trace_state, "{context:?}");
        }
    }
}
