//! A span at the moment of its start, when the sampler decides.

use opentelemetry::{
    Context, KeyValue, TraceId, Value,
    trace::{Link, SpanKind, SpanRef, TraceContextExt as _, TraceState},
};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};

/// The arguments of a sampler.
#[derive(Clone, Copy)]
pub(super) struct SpanStart<'s> {
    pub(super) parent_context: Option<&'s Context>,
    pub(super) trace_id: TraceId,
    pub(super) name: &'s str,
    pub(super) kind: &'s SpanKind,
    pub(super) attributes: &'s [KeyValue],
    pub(super) links: &'s [Link],
}

impl<'s> SpanStart<'s> {
    /// Returns the parent, if there is a valid one.
    pub(super) fn parent(&self) -> Option<SpanRef<'s>> {
        let context = self.parent_context.filter(|context| context.has_active_span())?;
        Some(context.span()).filter(|parent| parent.span_context().is_valid())
    }

    /// Returns the value of an attribute. Of equal keys, the last one counts.
    pub(super) fn attribute(&self, key: &str) -> Option<&'s Value> {
        let attribute = self.attributes.iter().rev().find(|attribute| attribute.key.as_str() == key)?;
        Some(&attribute.value)
    }

    /// Asks another sampler.
    pub(super) fn sample_by(&self, sampler: &dyn ShouldSample) -> SamplingResult {
        let Self { parent_context, trace_id, name, kind, attributes, links } = *self;
        sampler.should_sample(parent_context, trace_id, name, kind, attributes, links)
    }

    /// Returns a decision that leaves the trace state as it is.
    pub(super) fn decide(&self, decision: SamplingDecision) -> SamplingResult {
        let context = self.parent_context.filter(|context| context.has_active_span());
        let trace_state = context
            .map_or_else(TraceState::default, |context| context.span().span_context().trace_state().clone());
        SamplingResult { decision, attributes: Vec::new(), trace_state }
    }
}
