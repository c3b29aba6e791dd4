//! Characters that names and values cannot have.

use std::borrow::Cow;

use memchr::memchr;

/// Replaces zero bytes: the text formats of Prometheus end at one. Other formats do the same, so
/// that all of them have equal series.
pub(super) fn without_zeros(text: &str) -> Cow<'_, str> {
    if memchr(0, text.as_bytes()).is_none() { text.into() } else { text.replace('\0', "\u{fffd}").into() }
}

/// Appends a part of the name of a metric.
pub(super) fn push_metric_name(name: &mut String, text: &str) {
    push_legal(name, text, |c| c.is_ascii_alphanumeric() || c == ':');
}

/// Appends a part of the name of a label.
pub(super) fn push_label_name(name: &mut String, text: &str) {
    push_legal(name, text, |c| c.is_ascii_alphanumeric());
}

/// Appends `text` with `_` for all characters that are not legal. Consecutive `_` become one.
fn push_legal(name: &mut String, text: &str, is_legal: impl Fn(char) -> bool) {
    for c in text.chars() {
        if is_legal(c) {
            name.push(c);
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
}
