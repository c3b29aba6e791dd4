//! Samplers that are composed of thresholds.

use serde::{Deserialize, Serialize};

use super::rules::RuleBased;
use crate::config::value::{
    no_keys::NoKeys,
    number::{SamplingRatio, probability},
};

/// A part of a composite sampler: a table whose only key is the sampler.
///
/// Inside of the tree, a name alone stands for a sampler whose arguments have their defaults.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = super::names::allow_names))]
#[serde(rename_all = "snake_case")]
pub(crate) enum CompositeTree {
    /// Samples every span.
    AlwaysOn(NoKeys),
    /// Samples no span.
    AlwaysOff(NoKeys),
    /// Samples a ratio of all traces, the same ones in each service.
    Probability(Probability),
    /// Follows the parent of the span.
    ParentThreshold(Box<ParentThreshold>),
    /// Selects a sampler by name, attributes, kind and parent of the span.
    RuleBased(RuleBased<Self>),
}

impl CompositeTree {
    /// Returns the samplers directly below this one, each with its path from here.
    pub(crate) fn children(&self) -> Vec<(String, &Self)> {
        match self {
            Self::AlwaysOn(_) | Self::AlwaysOff(_) | Self::Probability(_) => Vec::new(),
            Self::ParentThreshold(sampler) => vec![("parent_threshold.root".to_owned(), &sampler.root)],
            Self::RuleBased(sampler) => sampler.samplers("rule_based").collect(),
        }
    }

    /// Returns the number of levels of the tree.
    pub(crate) fn depth(&self) -> usize {
        1 + self.children().into_iter().map(|(_, sampler)| sampler.depth()).max().unwrap_or_default()
    }
}

/// A sampler that keeps a ratio of all traces and writes it into the trace state.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Probability {
    /// The ratio of traces to keep: 0 for none, or from 2^-56 to 1.
    #[serde(deserialize_with = "probability")]
    pub(crate) ratio: SamplingRatio,
}

impl Default for Probability {
    fn default() -> Self {
        Self { ratio: SamplingRatio::ONE }
    }
}

/// A sampler that follows the parent.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ParentThreshold {
    /// The sampler for spans without a parent.
    pub(crate) root: CompositeTree,
}
