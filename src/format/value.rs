//! Attribute values and bodies, in text and in JSON.

use std::fmt::Write as _;

use opentelemetry::{Array, Value, logs::AnyValue};

use crate::text::push_escaped_controls;

/// The value of an attribute, as log records hold it.
pub(crate) fn any(value: &Value) -> AnyValue {
    match value {
        Value::Bool(boolean) => (*boolean).into(),
        Value::I64(number) => (*number).into(),
        Value::F64(number) => (*number).into(),
        Value::String(text) => text.clone().into(),
        Value::Array(Array::Bool(items)) => items.iter().copied().collect(),
        Value::Array(Array::I64(items)) => items.iter().copied().collect(),
        Value::Array(Array::F64(items)) => items.iter().copied().collect(),
        Value::Array(Array::String(items)) => items.iter().cloned().collect(),
        // Both enums are open; what they may hold one day still has a form that can be read.
        other => other.to_string().into(),
    }
}

/// Appends `value` as people read it; texts that could be mistaken are quoted.
pub(crate) fn text(out: &mut String, value: &AnyValue) {
    match value {
        AnyValue::String(text) => quoted_if_needed(out, text.as_str()),
        AnyValue::Int(number) => out.push_str(itoa::Buffer::new().format(*number)),
        AnyValue::Double(number) => drop(write!(out, "{number}")),
        AnyValue::Boolean(boolean) => out.push_str(if *boolean { "true" } else { "false" }),
        // What is text in them stays readable.
        AnyValue::Bytes(bytes) => drop(write!(out, "b\"{}\"", bytes.escape_ascii())),
        AnyValue::ListAny(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                text(out, item);
            }
            out.push(']');
        }
        AnyValue::Map(entries) => {
            out.push('{');
            for (index, (key, value)) in entries.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { " " });
                pair(out, key.as_str(), value);
            }
            out.push('}');
        }
        // As above.
        other => push_escaped_controls(out, &format!("{other:?}")),
    }
}

/// Appends `key=value`.
pub(crate) fn pair(out: &mut String, key: &str, value: &AnyValue) {
    push_escaped_controls(out, key);
    out.push('=');
    text(out, value);
}

fn quoted_if_needed(out: &mut String, text: &str) {
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
        // It would look like another kind of value.
        || text.parse::<f64>().is_ok()
        || text.parse::<bool>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(value: impl Into<AnyValue>) -> String {
        let mut out = String::new();
        text(&mut out, &value.into());
        out
    }

    #[test]
    fn quotes_what_could_be_mistaken() {
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
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(text_of("\u{1b}[31mred\n"), "\"\\u{1b}[31mred\\n\"");
        let mut out = String::new();
        push_escaped_controls(&mut out, "one\ntwo\u{7}");
        assert_eq!(out, "one\\ntwo\\u{7}");
    }
}
