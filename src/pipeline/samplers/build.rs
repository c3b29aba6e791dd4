//! Builds the sampler from the configuration.

use opentelemetry_sdk::trace::{Sampler, ShouldSample};

use super::{
    always_record::AlwaysRecordSampler, conditions::Conditions, rule_based::RuleBasedSampler,
    span_sampler::SpanSampler,
};
use crate::config::{self, SamplerName, SamplerTree, SamplingRatio, sampler::ParentBased};

/// Returns the sampler for `traces.sampler` and `traces.sampler_arg`.
pub(in crate::pipeline) fn to_sampler(
    sampler: &config::Sampler,
    ratio: Option<SamplingRatio>,
) -> SpanSampler {
    match sampler {
        config::Sampler::Name(name) => named(*name, ratio.unwrap_or(SamplingRatio::ONE)),
        config::Sampler::Tree(tree) => SpanSampler::Other(to_box(tree)),
    }
}

fn named(name: SamplerName, ratio: SamplingRatio) -> SpanSampler {
    let parent_or = |root| Sampler::ParentBased(Box::new(root));
    let share = Sampler::TraceIdRatioBased(ratio.get());
    SpanSampler::Other(Box::new(match name {
        SamplerName::ParentBasedAlwaysOn => return SpanSampler::ParentOrOn,
        SamplerName::AlwaysOn => Sampler::AlwaysOn,
        SamplerName::AlwaysOff => Sampler::AlwaysOff,
        SamplerName::TraceIdRatio => share,
        SamplerName::ParentBasedAlwaysOff => parent_or(Sampler::AlwaysOff),
        SamplerName::ParentBasedTraceIdRatio => parent_or(share),
    }))
}

fn to_box(tree: &SamplerTree) -> Box<dyn ShouldSample> {
    match tree {
        SamplerTree::AlwaysOn(_) => Box::new(Sampler::AlwaysOn),
        SamplerTree::AlwaysOff(_) => Box::new(Sampler::AlwaysOff),
        SamplerTree::TraceIdRatioBased(sampler) => Box::new(Sampler::TraceIdRatioBased(sampler.ratio.get())),
        SamplerTree::ParentBased(sampler) => parent_based(sampler),
        SamplerTree::AlwaysRecord(sampler) => Box::new(AlwaysRecordSampler(to_box(&sampler.root))),
        SamplerTree::RuleBased(sampler) => {
            let rules = sampler.rules.iter();
            Box::new(RuleBasedSampler::new(rules.map(|rule| (Conditions::new(rule), to_box(&rule.sampler)))))
        }
    }
}

fn parent_based(sampler: &ParentBased) -> Box<dyn ShouldSample> {
    let ParentBased {
        root,
        remote_parent_sampled,
        remote_parent_not_sampled,
        local_parent_sampled,
        local_parent_not_sampled,
    } = sampler;
    let sampler = Sampler::parent_based(to_box(root))
        .with_remote_parent_sampled(to_box(remote_parent_sampled))
        .with_remote_parent_not_sampled(to_box(remote_parent_not_sampled))
        .with_local_parent_sampled(to_box(local_parent_sampled))
        .with_local_parent_not_sampled(to_box(local_parent_not_sampled));
    Box::new(sampler)
}
