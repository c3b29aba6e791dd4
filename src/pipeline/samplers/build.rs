//! Builds the sampler from the configuration.

use opentelemetry_sdk::trace::{Sampler, ShouldSample};

use super::{
    always_record::AlwaysRecordSampler,
    composite::{Composable, CompositeSampler},
    conditions::Conditions,
    rate_limiting::RateLimitingSampler,
    rule_based::RuleBasedSampler,
    span_sampler::SpanSampler,
    threshold::Threshold,
};
use crate::{
    config::{
        self, SamplerName, SamplerTree, SamplingRatio,
        sampler::{CompositeTree, ParentBased},
    },
    diagnostics::DiagnosticLog,
};

/// Builds samplers and keeps what they share.
pub(in crate::pipeline) struct SamplerBuilder {
    pub(in crate::pipeline) diagnostics: DiagnosticLog,
}

impl SamplerBuilder {
    /// Returns the sampler for `traces.sampler` and `traces.sampler_arg`.
    pub(in crate::pipeline) fn build(
        &self,
        sampler: &config::Sampler,
        ratio: Option<SamplingRatio>,
    ) -> SpanSampler {
        match sampler {
            config::Sampler::Name(name) => named(*name, ratio.unwrap_or(SamplingRatio::ONE)),
            config::Sampler::Tree(tree) => SpanSampler::Other(self.tree(tree)),
        }
    }

    fn tree(&self, tree: &SamplerTree) -> Box<dyn ShouldSample> {
        match tree {
            SamplerTree::AlwaysOn(_) => Box::new(Sampler::AlwaysOn),
            SamplerTree::AlwaysOff(_) => Box::new(Sampler::AlwaysOff),
            SamplerTree::TraceIdRatioBased(sampler) => {
                Box::new(Sampler::TraceIdRatioBased(sampler.ratio.get()))
            }
            SamplerTree::ParentBased(sampler) => self.parent_based(sampler),
            SamplerTree::AlwaysRecord(sampler) => Box::new(AlwaysRecordSampler(self.tree(&sampler.root))),
            SamplerTree::RuleBased(sampler) => {
                let rules = sampler.rules.iter();
                let rules = rules.map(|rule| (Conditions::new(rule), self.tree(&rule.sampler)));
                Box::new(RuleBasedSampler::new(rules))
            }
            SamplerTree::Probability(sampler) => {
                let threshold = Threshold::of_ratio(sampler.ratio.get());
                Box::new(CompositeSampler::new(Composable::Probability(threshold), self.diagnostics))
            }
            SamplerTree::RateLimiting(sampler) => {
                Box::new(RateLimitingSampler::new(sampler.per_second.per_second()))
            }
            SamplerTree::Composite(tree) => {
                Box::new(CompositeSampler::new(composable(tree), self.diagnostics))
            }
        }
    }

    fn parent_based(&self, sampler: &ParentBased) -> Box<dyn ShouldSample> {
        let ParentBased {
            root,
            remote_parent_sampled,
            remote_parent_not_sampled,
            local_parent_sampled,
            local_parent_not_sampled,
        } = sampler;
        let sampler = Sampler::parent_based(self.tree(root))
            .with_remote_parent_sampled(self.tree(remote_parent_sampled))
            .with_remote_parent_not_sampled(self.tree(remote_parent_not_sampled))
            .with_local_parent_sampled(self.tree(local_parent_sampled))
            .with_local_parent_not_sampled(self.tree(local_parent_not_sampled));
        Box::new(sampler)
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

fn composable(tree: &CompositeTree) -> Composable {
    match tree {
        CompositeTree::AlwaysOn(_) => Composable::AlwaysOn,
        CompositeTree::AlwaysOff(_) => Composable::AlwaysOff,
        CompositeTree::Probability(sampler) => {
            Composable::Probability(Threshold::of_ratio(sampler.ratio.get()))
        }
        CompositeTree::ParentThreshold(sampler) => {
            Composable::ParentThreshold(Box::new(composable(&sampler.root)))
        }
        CompositeTree::RuleBased(sampler) => {
            let rules = sampler.rules.iter();
            Composable::RuleBased(
                rules.map(|rule| (Conditions::new(rule), composable(&rule.sampler))).collect(),
            )
        }
    }
}
