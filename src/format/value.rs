//! Attribute values and bodies as text.

use std::fmt::Write as _;

use opentelemetry::logs::AnyValue;

use crate::text::push_escaped_controls;

/// Appends a value. Quotes text that could be mistaken for another value.
pub(crate) fn push_value(out: &mut String, value: &AnyValue) {
    match value {
        AnyValue::String(text) => push_quoted_if_needed(out, text.as_str()),
        AnyValue::Int(number) => out.push_str(itoa::Buffer::new().format(*number)),
        AnyValue::Double(number) => drop(write!(out, "{number}")),
        AnyValue::Boolean(boolean) => out.push_str(if *boolean { "true" } else { "false" }),
        // Escaping keeps ASCII text in the bytes readable.
        AnyValue::Bytes(bytes) => drop(write!(out, "b\"{}\"", bytes.escape_ascii())),
        AnyValue::ListAny(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                push_value(out, item);
            }
            out.push(']');
        }
        AnyValue::Map(entries) => {
            out.push('{');
            for (index, (key, value)) in entries.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { " " });
                push_pair(out, key.as_str(), value);
            }
            out.push('}');
        }
        // The enum is non-exhaustive; a future variant is still readable.
        other => push_escaped_controls(out, &format!("{other:?}")),
    }
}

/// Appends `key=value`.
pub(crate) fn push_pair(out: &mut String, key: &str, value: &AnyValue) {
    push_escaped_controls(out, key);
    out.push('=');
    push_value(out, value);
}

fn push_quoted_if_needed(out: &mut String, text: &str) {
    if !needs_quotes(text) {
        return push_escaped_controls(out, text);
    }
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\\']) {
        push_escaped_controls(out, &rest[..at]);
        out.push('\\');
        out.push_str(&rest[at..=at]);
        rest = &rest[at + 1..];
    }
    push_escaped_controls(out, rest);
    out.push('"');
}

fn needs_quotes(text: &str) -> bool {
    let is_special = |byte: u8| {
        byte.is_ascii_whitespace() || matches!(byte, b'"' | b'=' | b',' | b'[' | b']' | b'{' | b'}')
    };
    text.is_empty()
        || text.bytes().any(is_special)
        || (!text.is_ascii() && text.contains(char::is_whitespace))
        // Without quotes it would look like a number or a boolean.
        || text.parse::<f64>().is_ok()
        || text.parse::<bool>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(value: impl Into<AnyValue>) -> String {
        let mut out = String::new();
        push_value(&mut out, &value.into());
        out
    }

    #[test]
    fn value_that_is_ambiguous_is_quoted() {
        assert_eq!(text_of("/api/data"), "/api/data");
        assert_eq!(text_of("two words"), "\"two words\"");
        assert_eq!(text_of(""), "\"\"");
        assert_eq!(text_of("a\"b c"), "\"a\\\"b c\"");
        assert_eq!(text_of(1.5), "1.5");
        assert_eq!(text_of("1.5"), "\"1.5\"");
        assert_eq!(text_of("true"), "\"true\"");
        assert_eq!(text_of("v1.5"), "v1.5");
    }

    #[test]
    fn value_with_control_characters_is_escaped() {
        assert_eq!(text_of("\u{1b}[31mred\n"), "\"\\u{1b}[31mred\\n\"");
        let mut out = String::new();
        push_escaped_controls(&mut out, "one\ntwo\u{7}");
        assert_eq!(out, "one\\ntwo\\u{7}");
    }
}
