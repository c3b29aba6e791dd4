//! The attributes of a measurement that a view keeps.

use opentelemetry::KeyValue;

use crate::config::IncludeExclude;

/// Keeps the attributes with the selected keys.
#[derive(Debug, Clone)]
pub(super) struct AttributeFilter(IncludeExclude);

impl AttributeFilter {
    pub(super) fn new(keys: IncludeExclude) -> Self {
        Self(keys)
    }

    /// Calls `work` with the attributes to keep.
    pub(super) fn apply<R>(&self, attributes: &[KeyValue], work: impl FnOnce(&[KeyValue]) -> R) -> R {
        let keeps = |attribute: &KeyValue| self.0.selects(attribute.key.as_str());
        match attributes.iter().position(|attribute| !keeps(attribute)) {
            None => work(attributes),
            Some(first) => {
                let (before, after) = (&attributes[..first], &attributes[first + 1..]);
                let kept = before.iter().chain(after.iter().filter(|attribute| keeps(attribute)));
                work(&kept.cloned().collect::<Vec<_>>())
            }
        }
    }
}
