//! A sampler of the program.

use std::sync::Arc;

use opentelemetry::{
    Context, KeyValue, TraceId,
    trace::{Link, SpanKind, TraceContextExt as _, TraceState},
};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};

use crate::{
    diagnostics::{DiagnosticLog, RateLimit},
    shield::shielded,
};

/// Asks a sampler of the program. A span about which it panics is not sampled.
#[derive(Debug, Clone)]
pub(in crate::pipeline) struct OwnSampler(Arc<State>);

#[derive(Debug)]
struct State {
    name: String,
    sampler: Box<dyn ShouldSample>,
    diagnostics: DiagnosticLog,
    panicked: RateLimit,
}

impl OwnSampler {
    pub(in crate::pipeline) fn new(
        name: String,
        sampler: Box<dyn ShouldSample>,
        diagnostics: DiagnosticLog,
    ) -> Self {
        Self(Arc::new(State { name, sampler, diagnostics, panicked: RateLimit::default() }))
    }
}

impl ShouldSample for OwnSampler {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let state = &self.0;
        let decide = || state.sampler.should_sample(parent, trace_id, name, kind, attributes, links);
        shielded(decide).unwrap_or_else(|| {
            if state.panicked.is_due() {
                state
                    .diagnostics
                    .error(format_args!("the sampler \"{}\" panicked; the span is not sampled", state.name));
            }
            let of_parent = |parent: &Context| parent.span().span_context().trace_state().clone();
            let trace_state: TraceState = parent.map(of_parent).unwrap_or_default();
            SamplingResult { decision: SamplingDecision::Drop, attributes: Vec::new(), trace_state }
        })
    }
}
