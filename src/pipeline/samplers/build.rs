//! Builds the sampler from the configuration.

use opentelemetry_sdk::trace::{Sampler, ShouldSample};

use super::{
    always_record::AlwaysRecordSampler,
    composite::{Composable, CompositeSampler},
    conditions::Conditions,
    jaeger_remote::{self, JaegerRemoteSampler},
    rate_limiting::RateLimitingSampler,
    rule_based::RuleBasedSampler,
    span_sampler::SpanSampler,
    threshold::Threshold,
};
use crate::{
    config::{
        self, Proxies, SamplerName, SamplerTree, SamplingRatio,
        sampler::{CompositeTree, JaegerRemote, ParentBased},
    },
    diagnostics::DiagnosticLog,
    error::Error,
    export::{otlp::DocumentClient, runtime::RuntimeHandle},
};

/// Builds samplers from what they share.
pub(in crate::pipeline) struct SamplerBuilder<'b> {
    pub(in crate::pipeline) diagnostics: DiagnosticLog,
    pub(in crate::pipeline) proxies: &'b Proxies,
    /// The name of the service.
    pub(in crate::pipeline) service: String,
    /// `None` fetches no strategies.
    pub(in crate::pipeline) handle: Option<RuntimeHandle>,
}

impl SamplerBuilder<'_> {
    /// Returns the sampler for `traces.sampler` and `traces.sampler_arg`.
    pub(in crate::pipeline) fn build(
        &self,
        sampler: &config::Sampler,
        ratio: Option<SamplingRatio>,
    ) -> Result<SpanSampler, Error> {
        Ok(match sampler {
            config::Sampler::Name(name) => named(*name, ratio.unwrap_or(SamplingRatio::ONE)),
            // The validation has checked that the program adds it.
            config::Sampler::Own(_) => named(SamplerName::ParentBasedAlwaysOn, SamplingRatio::ONE),
            config::Sampler::Tree(tree) => SpanSampler::Other(self.tree(tree)?),
        })
    }

    fn tree(&self, tree: &SamplerTree) -> Result<Box<dyn ShouldSample>, Error> {
        Ok(match tree {
            SamplerTree::AlwaysOn(_) => Box::new(Sampler::AlwaysOn),
            SamplerTree::AlwaysOff(_) => Box::new(Sampler::AlwaysOff),
            SamplerTree::TraceIdRatioBased(sampler) => {
                Box::new(Sampler::TraceIdRatioBased(sampler.ratio.get()))
            }
            SamplerTree::ParentBased(sampler) => self.parent_based(sampler)?,
            SamplerTree::AlwaysRecord(sampler) => Box::new(AlwaysRecordSampler(self.tree(&sampler.root)?)),
            SamplerTree::RuleBased(sampler) => {
                let rules = sampler.rules.iter();
                let rules = rules.map(|rule| Ok((Conditions::new(rule), self.tree(&rule.sampler)?)));
                Box::new(RuleBasedSampler::new(rules.collect::<Result<Vec<_>, Error>>()?))
            }
            SamplerTree::Probability(sampler) => {
                let threshold = Threshold::of_ratio(sampler.ratio.get());
                Box::new(CompositeSampler::new(Composable::Probability(threshold), self.diagnostics))
            }
            SamplerTree::RateLimiting(sampler) => {
                Box::new(RateLimitingSampler::new(sampler.per_second.per_second()))
            }
            SamplerTree::JaegerRemote(sampler) => self.jaeger_remote(sampler)?,
            SamplerTree::Composite(tree) => {
                Box::new(CompositeSampler::new(composable(tree), self.diagnostics))
            }
        })
    }

    fn parent_based(&self, sampler: &ParentBased) -> Result<Box<dyn ShouldSample>, Error> {
        let ParentBased {
            root,
            remote_parent_sampled,
            remote_parent_not_sampled,
            local_parent_sampled,
            local_parent_not_sampled,
        } = sampler;
        let sampler = Sampler::parent_based(self.tree(root)?)
            .with_remote_parent_sampled(self.tree(remote_parent_sampled)?)
            .with_remote_parent_not_sampled(self.tree(remote_parent_not_sampled)?)
            .with_local_parent_sampled(self.tree(local_parent_sampled)?)
            .with_local_parent_not_sampled(self.tree(local_parent_not_sampled)?);
        Ok(Box::new(sampler))
    }

    fn jaeger_remote(&self, config: &JaegerRemote<SamplerTree>) -> Result<Box<dyn ShouldSample>, Error> {
        let sampler = JaegerRemoteSampler::new(self.tree(&config.initial_sampler)?);
        if let Some(handle) = &self.handle {
            let client = DocumentClient::new(
                config.url(),
                ("service", &self.service),
                jaeger_remote::TIMEOUT,
                self.proxies,
                self.diagnostics,
            )?;
            sampler.update(client, config.interval.get(), handle, self.diagnostics);
        }
        Ok(Box::new(sampler))
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
