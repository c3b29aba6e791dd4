//! The samplers of spans.

mod always_record;
mod build;
mod conditions;
mod rule_based;
mod span_sampler;
mod span_start;

pub(super) use self::{build::to_sampler, span_sampler::SpanSampler};
