//! Recording without export.

use opentelemetry::{
    Context, KeyValue, TraceId,
    trace::{Link, SpanKind},
};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};

/// Records the spans that another sampler drops. They reach no exporter.
#[derive(Debug, Clone)]
pub(super) struct AlwaysRecordSampler(pub(super) Box<dyn ShouldSample>);

impl ShouldSample for AlwaysRecordSampler {
    fn should_sample(
        &self,
        parent_context: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        span_kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let result = self.0.should_sample(parent_context, trace_id, name, span_kind, attributes, links);
        match result.decision {
            SamplingDecision::Drop => SamplingResult { decision: SamplingDecision::RecordOnly, ..result },
            _ => result,
        }
    }
}
