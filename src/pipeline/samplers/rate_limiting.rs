//! A limited number of traces per second.

use std::sync::Arc;

use opentelemetry::{
    Context, KeyValue, TraceId,
    trace::{Link, SpanContext, SpanKind, SpanRef},
};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};

use super::{span_start::SpanStart, token_bucket::TokenBucket};

/// Samples a limited number of traces per second. A span whose parent is in this process follows
/// it, so that the trace stays whole.
#[derive(Debug, Clone)]
pub(super) struct RateLimitingSampler(Arc<TokenBucket>);

impl RateLimitingSampler {
    pub(super) fn new(per_second: f64) -> Self {
        Self(Arc::new(TokenBucket::new(per_second)))
    }

    /// Continues another sampler, if it has the same rate.
    pub(super) fn continue_from(&mut self, last: &Self) {
        TokenBucket::continue_from(&mut self.0, &last.0);
    }
}

impl ShouldSample for RateLimitingSampler {
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
        let parent = span.parent();
        let local_parent = parent.as_ref().map(SpanRef::span_context).filter(|parent| !parent.is_remote());
        let is_kept = local_parent.map_or_else(|| self.0.take(), SpanContext::is_sampled);
        span.decide(if is_kept { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop })
    }
}
