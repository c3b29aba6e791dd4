//! Truncates texts, by characters.

use opentelemetry::StringValue;

/// Returns the byte at which a text of more than `limit` characters is truncated.
pub(super) fn end_within(text: &str, limit: usize) -> Option<usize> {
    if text.len() <= limit {
        return None;
    }
    text.char_indices().nth(limit).map(|(end, _)| end)
}

/// Returns the truncated text, or `None` if it is within the limit.
pub(super) fn truncated(text: &str, limit: usize) -> Option<StringValue> {
    end_within(text, limit).map(|end| text[..end].to_owned().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn end_within_counts_characters_not_bytes() {
        assert_eq!(end_within("äöü", 3), None);
        assert_eq!(end_within("äöü", 2), Some(4));
        assert_eq!(end_within("abc", 0), Some(0));
        assert_eq!(end_within("", 0), None);
    }
}
