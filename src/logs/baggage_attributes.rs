//! Entries of baggage that become attributes.

use std::sync::Arc;

use opentelemetry::{Context, KeyValue, baggage::BaggageExt as _};

use crate::config::Pattern;

/// Selects entries of baggage by the patterns of a key such as `traces.baggage_attributes`.
#[derive(Debug)]
pub(crate) struct BaggageAttributes(Vec<Pattern>);

impl BaggageAttributes {
    /// Returns `None` without patterns.
    pub(crate) fn new(patterns: &[Pattern]) -> Option<Arc<Self>> {
        (!patterns.is_empty()).then(|| Arc::new(Self(patterns.to_owned())))
    }

    /// Returns the selected entries of the baggage in `context`.
    pub(crate) fn of(&self, context: &Context) -> Vec<KeyValue> {
        let is_selected = |key: &str| self.0.iter().any(|pattern| pattern.matches(key));
        let entries = context.baggage().iter().filter(|(key, _)| is_selected(key.as_str()));
        entries.map(|(key, (value, _))| KeyValue::new(key.clone(), value.clone())).collect()
    }
}
