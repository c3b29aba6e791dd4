//! The samplers of spans.

mod always_record;
mod build;
mod span_sampler;

pub(super) use self::{build::to_sampler, span_sampler::SpanSampler};
