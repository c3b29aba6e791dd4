//! Rules that select a sampler.

use serde::{Deserialize, Serialize};

use crate::config::value::{list::at_least_one, pattern::Pattern, string::NonEmptyString, string_enum};

/// Samplers that are selected by the first rule that matches. `S` is the type of these samplers.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, bound(deserialize = "S: Deserialize<'de>"))]
pub(crate) struct RuleBased<S> {
    /// The rules in order. The first one that matches decides; a span that matches none is not
    /// sampled.
    #[serde(deserialize_with = "at_least_one")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) rules: Vec<SamplingRule<S>>,
}

impl<S> RuleBased<S> {
    /// Returns the samplers of the rules, each with its path below `above`.
    pub(crate) fn samplers(&self, above: &str) -> impl Iterator<Item = (String, &S)> {
        let rules = self.rules.iter().enumerate();
        rules.map(move |(index, rule)| (format!("{above}.rules.{index}.sampler"), &rule.sampler))
    }
}

/// A rule. All its conditions must hold; without any, it matches every span.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct SamplingRule<S> {
    /// A pattern for the name of the span: `*` stands for any characters, `?` for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) span_name: Option<Pattern>,

    /// Values of one attribute. Only attributes that the span has at its start count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attribute_values: Option<AttributeValues>,

    /// Patterns for the value of one attribute. Only attributes that the span has at its start
    /// count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attribute_patterns: Option<AttributePatterns>,

    /// The kinds of span that match.
    #[serde(default, deserialize_with = "at_least_one", skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) span_kinds: Vec<RuleSpanKind>,

    /// The parents that match: none, a span of another service, or one of this process.
    #[serde(default, deserialize_with = "at_least_one", skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) parent: Vec<RuleParent>,

    /// The sampler for spans that match.
    pub(crate) sampler: S,
}

impl<S> SamplingRule<S> {
    /// Returns whether the rule matches every span.
    pub(crate) fn matches_all(&self) -> bool {
        let Self { span_name, attribute_values, attribute_patterns, span_kinds, parent, sampler: _ } = self;
        span_name.is_none()
            && attribute_values.is_none()
            && attribute_patterns.is_none()
            && span_kinds.is_empty()
            && parent.is_empty()
    }
}

/// Values of an attribute. Numbers and booleans match by their text; of an array, one entry must
/// match.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct AttributeValues {
    /// The key of the attribute.
    pub(crate) key: NonEmptyString,

    /// The values that match.
    #[serde(deserialize_with = "at_least_one")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) values: Vec<String>,
}

/// Patterns for the value of an attribute. Numbers and booleans match by their text; of an array,
/// one entry must match.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct AttributePatterns {
    /// The key of the attribute.
    pub(crate) key: NonEmptyString,

    /// Patterns that match: `*` stands for any characters, `?` for one. Without this key, all
    /// values match.
    #[serde(default, deserialize_with = "at_least_one", skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) included: Vec<Pattern>,

    /// Patterns that do not match, even if one of `included` does.
    #[serde(default, deserialize_with = "at_least_one", skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) excluded: Vec<Pattern>,
}

string_enum! {
    /// A kind of span.
    pub(crate) enum RuleSpanKind {
        /// An operation inside of the service.
        Internal = "internal",
        /// An incoming request.
        Server = "server",
        /// An outgoing request.
        Client = "client",
        /// A message that is sent.
        Producer = "producer",
        /// A message that is received.
        Consumer = "consumer",
    }
}

string_enum! {
    /// A kind of parent.
    pub(crate) enum RuleParent {
        /// No parent.
        None = "none",
        /// A span of another service.
        Remote = "remote",
        /// A span of this process.
        Local = "local",
    }
}
