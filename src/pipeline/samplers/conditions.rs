//! The conditions of a rule.

use opentelemetry::{
    Array, Value,
    trace::{SpanContext, SpanKind},
};

use super::span_start::SpanStart;
use crate::config::{
    Pattern,
    sampler::{AttributePatterns, AttributeValues, RuleParent, RuleSpanKind, SamplingRule},
};

/// The conditions of a rule. Without any, they hold for every span.
#[derive(Debug)]
pub(super) struct Conditions {
    span_name: Option<Pattern>,
    attribute_values: Option<AttributeValues>,
    attribute_patterns: Option<AttributePatterns>,
    span_kinds: Vec<RuleSpanKind>,
    parents: Vec<RuleParent>,
}

impl Conditions {
    pub(super) fn new<S>(rule: &SamplingRule<S>) -> Self {
        // The caller builds the sampler.
        let SamplingRule { span_name, attribute_values, attribute_patterns, span_kinds, parent, sampler: _ } =
            rule;
        Self {
            span_name: span_name.clone(),
            attribute_values: attribute_values.clone(),
            attribute_patterns: attribute_patterns.clone(),
            span_kinds: span_kinds.clone(),
            parents: parent.clone(),
        }
    }

    /// Returns whether all conditions hold for a span with a parent of this kind.
    pub(super) fn hold(&self, span: &SpanStart<'_>, parent: RuleParent) -> bool {
        let Self { span_name, attribute_values, attribute_patterns, span_kinds, parents } = self;
        (span_kinds.is_empty() || span_kinds.contains(&kind(span.kind)))
            && (parents.is_empty() || parents.contains(&parent))
            && span_name.as_ref().is_none_or(|pattern| pattern.matches(span.name))
            && attribute_values.as_ref().is_none_or(|wanted| has_value(span, wanted))
            && attribute_patterns.as_ref().is_none_or(|wanted| has_match(span, wanted))
    }
}

fn kind(kind: &SpanKind) -> RuleSpanKind {
    match kind {
        SpanKind::Internal => RuleSpanKind::Internal,
        SpanKind::Server => RuleSpanKind::Server,
        SpanKind::Client => RuleSpanKind::Client,
        SpanKind::Producer => RuleSpanKind::Producer,
        SpanKind::Consumer => RuleSpanKind::Consumer,
    }
}

/// Returns the kind of a parent.
pub(super) fn parent_kind(parent: Option<&SpanContext>) -> RuleParent {
    match parent {
        None => RuleParent::None,
        Some(parent) if parent.is_remote() => RuleParent::Remote,
        Some(_) => RuleParent::Local,
    }
}

fn has_value(span: &SpanStart<'_>, wanted: &AttributeValues) -> bool {
    let AttributeValues { key, values } = wanted;
    let is_wanted = |text: &str| values.iter().any(|value| value == text);
    span.attribute(key.as_str()).is_some_and(|value| any_text(value, is_wanted))
}

fn has_match(span: &SpanStart<'_>, wanted: &AttributePatterns) -> bool {
    let AttributePatterns { key, included, excluded } = wanted;
    let matches = |patterns: &[Pattern], text: &str| patterns.iter().any(|pattern| pattern.matches(text));
    let is_wanted = |text: &str| (included.is_empty() || matches(included, text)) && !matches(excluded, text);
    span.attribute(key.as_str()).is_some_and(|value| any_text(value, is_wanted))
}

/// Returns whether a value, or an entry of an array, has a text that `is_wanted`.
fn any_text(value: &Value, is_wanted: impl Fn(&str) -> bool) -> bool {
    fn any<T: ToString>(items: &[T], is_wanted: impl Fn(&str) -> bool) -> bool {
        items.iter().any(|item| is_wanted(&item.to_string()))
    }
    match value {
        Value::Array(Array::String(items)) => items.iter().any(|item| is_wanted(item.as_str())),
        Value::Array(Array::Bool(items)) => any(items, is_wanted),
        Value::Array(Array::I64(items)) => any(items, is_wanted),
        Value::Array(Array::F64(items)) => any(items, is_wanted),
        value => is_wanted(&value.as_str()),
    }
}
