//! The samplers of spans.

mod always_record;
mod build;
mod composite;
mod conditions;
mod jaeger_remote;
mod jaeger_strategy;
mod ot_entry;
mod own_sampler;
mod rate_limiting;
mod reloadable;
mod rule_based;
mod span_sampler;
mod span_start;
mod threshold;
mod token_bucket;

pub(super) use self::{
    build::SamplerBuilder, own_sampler::OwnSampler, reloadable::ReloadableSampler, span_sampler::SpanSampler,
};
