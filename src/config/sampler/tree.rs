//! A sampler with its arguments, which may be samplers.

use serde::{Deserialize, Serialize};

use super::{
    composite::{CompositeTree, Probability},
    jaeger_remote::JaegerRemote,
    rules::RuleBased,
};
use crate::config::value::{
    no_keys::NoKeys,
    number::{Rate, SamplingRatio},
};

/// A sampler with its arguments: a table whose only key is the sampler.
///
/// Inside of the tree, a name alone stands for a sampler whose arguments have their defaults.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = super::names::allow_names))]
#[serde(rename_all = "snake_case")]
pub(crate) enum SamplerTree {
    /// Samples every span.
    AlwaysOn(NoKeys),
    /// Samples no span.
    AlwaysOff(NoKeys),
    /// Samples a ratio of all traces.
    TraceIdRatioBased(TraceIdRatioBased),
    /// Selects a sampler by the parent of the span.
    ParentBased(Box<ParentBased>),
    /// Records the spans that another sampler drops, without exporting them.
    AlwaysRecord(Box<AlwaysRecord>),
    /// Selects a sampler by name, attributes, kind and parent of the span.
    RuleBased(RuleBased<Self>),
    /// Samples a ratio of all traces, the same ones in each service.
    Probability(Probability),
    /// Samples a limited number of traces per second.
    RateLimiting(RateLimiting),
    /// Samples by a strategy that a Jaeger server sends.
    JaegerRemote(Box<JaegerRemote<Self>>),
    /// Combines thresholds of probability, so that the trace state holds the resulting ratio.
    Composite(CompositeTree),
}

impl SamplerTree {
    fn always_on() -> Self {
        Self::AlwaysOn(NoKeys {})
    }

    fn always_off() -> Self {
        Self::AlwaysOff(NoKeys {})
    }

    /// Returns the samplers directly below this one, each with its path from here.
    pub(crate) fn children(&self) -> Vec<(String, &Self)> {
        match self {
            Self::AlwaysOn(_)
            | Self::AlwaysOff(_)
            | Self::TraceIdRatioBased(_)
            | Self::Probability(_)
            | Self::RateLimiting(_)
            | Self::Composite(_) => Vec::new(),
            Self::ParentBased(sampler) => {
                let ParentBased {
                    root,
                    remote_parent_sampled,
                    remote_parent_not_sampled,
                    local_parent_sampled,
                    local_parent_not_sampled,
                } = &**sampler;
                let branches = [
                    ("root", root),
                    ("remote_parent_sampled", remote_parent_sampled),
                    ("remote_parent_not_sampled", remote_parent_not_sampled),
                    ("local_parent_sampled", local_parent_sampled),
                    ("local_parent_not_sampled", local_parent_not_sampled),
                ];
                branches.map(|(key, sampler)| (format!("parent_based.{key}"), sampler)).into()
            }
            Self::AlwaysRecord(sampler) => vec![("always_record.root".to_owned(), &sampler.root)],
            Self::RuleBased(sampler) => sampler.samplers("rule_based").collect(),
            Self::JaegerRemote(sampler) => {
                vec![("jaeger_remote.initial_sampler".to_owned(), &sampler.initial_sampler)]
            }
        }
    }

    /// Returns whether a server sends a part of the sampler.
    pub(crate) fn is_remote(&self) -> bool {
        matches!(self, Self::JaegerRemote(_)) || self.children().iter().any(|(_, child)| child.is_remote())
    }

    /// Returns the number of levels of the tree.
    pub(crate) fn depth(&self) -> usize {
        let below = match self {
            Self::Composite(sampler) => sampler.depth(),
            _ => self.children().into_iter().map(|(_, sampler)| sampler.depth()).max().unwrap_or_default(),
        };
        1 + below
    }
}

/// A sampler that keeps a ratio of all traces.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TraceIdRatioBased {
    /// The ratio of traces to keep, from 0 to 1.
    pub(crate) ratio: SamplingRatio,
}

impl Default for TraceIdRatioBased {
    fn default() -> Self {
        Self { ratio: SamplingRatio::ONE }
    }
}

/// A sampler that keeps a limited number of traces per second.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct RateLimiting {
    /// The number of traces per second, from 0.001 to 1,000,000. After a pause, those of one second
    /// may start at once. A span with a parent in this process follows its parent.
    pub(crate) per_second: Rate,
}

/// The samplers for the different parents of a span.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ParentBased {
    /// The sampler for spans without a parent.
    pub(crate) root: SamplerTree,

    /// The sampler for spans whose parent is in another service and was sampled.
    pub(crate) remote_parent_sampled: SamplerTree,

    /// The sampler for spans whose parent is in another service and was not sampled.
    pub(crate) remote_parent_not_sampled: SamplerTree,

    /// The sampler for spans whose parent is in this process and was sampled.
    pub(crate) local_parent_sampled: SamplerTree,

    /// The sampler for spans whose parent is in this process and was not sampled.
    pub(crate) local_parent_not_sampled: SamplerTree,
}

impl Default for ParentBased {
    fn default() -> Self {
        Self {
            root: SamplerTree::always_on(),
            remote_parent_sampled: SamplerTree::always_on(),
            remote_parent_not_sampled: SamplerTree::always_off(),
            local_parent_sampled: SamplerTree::always_on(),
            local_parent_not_sampled: SamplerTree::always_off(),
        }
    }
}

/// A sampler that records what another one drops.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct AlwaysRecord {
    /// The sampler that decides which spans are exported.
    pub(crate) root: SamplerTree,
}
