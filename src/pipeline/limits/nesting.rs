//! Limits the depth of nested values and the length of the texts in them.

use opentelemetry::logs::AnyValue;

use super::text::truncated;
use crate::text::end_within;

/// The greatest number of lists and maps around a value.
///
/// Many decoders of Protocol Buffers accept 100 nested messages, and a map takes three. One record
/// with more would make a backend reject its whole batch. Encoders recurse, so a record with many
/// more would overflow their stack.
pub(crate) const MAX_DEPTH: usize = 24;

/// Returns whether a value is within `length`, if any, and within `depth`.
#[inline]
pub(super) fn is_within(value: &AnyValue, length: Option<usize>, depth: usize) -> bool {
    match value {
        AnyValue::ListAny(_) | AnyValue::Map(_) => are_items_within(value, length, depth),
        _ => length.is_none_or(|length| is_within_length(value, length)),
    }
}

fn are_items_within(value: &AnyValue, length: Option<usize>, depth: usize) -> bool {
    let is_item_within = |item: &AnyValue| are_items_within(item, length, depth - 1);
    match value {
        AnyValue::ListAny(_) | AnyValue::Map(_) if depth == 0 => false,
        AnyValue::ListAny(items) => items.iter().all(is_item_within),
        AnyValue::Map(entries) => entries.values().all(is_item_within),
        _ => length.is_none_or(|length| is_within_length(value, length)),
    }
}

fn is_within_length(value: &AnyValue, length: usize) -> bool {
    match value {
        AnyValue::String(text) => end_within(text.as_str(), length).is_none(),
        AnyValue::Bytes(bytes) => bytes.len() <= length,
        _ => true,
    }
}

/// Returns a copy within the limits. A text replaces each list and map that is too deep.
pub(super) fn limited(value: &AnyValue, length: Option<usize>, depth: usize) -> AnyValue {
    let limited_item = |item: &AnyValue| limited(item, length, depth - 1);
    match value {
        AnyValue::ListAny(_) if depth == 0 => "[…]".into(),
        AnyValue::Map(_) if depth == 0 => "{…}".into(),
        AnyValue::ListAny(items) => AnyValue::ListAny(Box::new(items.iter().map(limited_item).collect())),
        AnyValue::Map(entries) => AnyValue::Map(Box::new(
            entries.iter().map(|(key, entry)| (key.clone(), limited_item(entry))).collect(),
        )),
        _ => length.map_or_else(|| value.clone(), |length| truncate(value, length)),
    }
}

fn truncate(value: &AnyValue, length: usize) -> AnyValue {
    match value {
        AnyValue::String(text) => {
            truncated(text.as_str(), length).map_or_else(|| value.clone(), AnyValue::String)
        }
        AnyValue::Bytes(bytes) => AnyValue::Bytes(Box::new(bytes[..bytes.len().min(length)].to_vec())),
        other => other.clone(),
    }
}
