//! Truncates texts, by characters.

use opentelemetry::StringValue;

use crate::text::end_within;

/// Returns the truncated text, or `None` if it is within the limit.
pub(super) fn truncated(text: &str, limit: usize) -> Option<StringValue> {
    end_within(text, limit).map(|end| text[..end].to_owned().into())
}
