//! Access to the attributes of captured items.

use opentelemetry::{KeyValue, Value, logs::AnyValue};

/// Spans, log records and data points.
pub(super) trait Attributed {
    /// Returns the value of an attribute in the type that log records hold.
    fn attribute_value(&self, key: &str) -> Option<AnyValue>;
}

/// Returns the last attribute with this key.
///
/// The SDK keeps duplicate keys of a span, and the last one counts.
pub(super) fn find_attribute<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    attributes.iter().rfind(|attribute| attribute.key.as_str() == key).map(|attribute| &attribute.value)
}
