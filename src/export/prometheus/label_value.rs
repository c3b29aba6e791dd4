//! Values of labels.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr3};
use opentelemetry::Value;

use super::number::push_f64;
use crate::format::{json::to_json, to_any_value};

/// The bytes that a value in quotes cannot have.
const SPECIAL: [u8; 4] = [0, b'\n', b'"', b'\\'];

/// Appends a text in quotes, without the quotes.
pub(super) fn push_escaped(out: &mut Vec<u8>, text: &str) {
    // Nearly all values are short and need no escapes.
    if is_plain(text.as_bytes()) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    push_replaced(out, text, |rest| memchr3(b'"', b'\\', b'\n', rest));
}

/// Returns whether a text needs no escapes.
fn is_plain(text: &[u8]) -> bool {
    let Some(end) = text.last_chunk() else {
        return !text.iter().any(|byte| SPECIAL.contains(byte));
    };
    let (words, _) = text.as_chunks();
    words.iter().chain([end]).all(|word| is_plain_word(u64::from_ne_bytes(*word)))
}

fn is_plain_word(word: u64) -> bool {
    const ONES: u64 = u64::MAX / 0xff;
    let has_zero = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    SPECIAL.iter().fold(0, |found, byte| found | has_zero(word ^ (ONES * u64::from(*byte)))) == 0
}

/// Appends the text of a `# HELP` line, in which quotes are not escaped.
pub(super) fn push_help(out: &mut Vec<u8>, text: &str) {
    push_replaced(out, text, |rest| memchr2(b'\\', b'\n', rest));
}

fn push_replaced(out: &mut Vec<u8>, text: &str, find: impl Fn(&[u8]) -> Option<usize>) {
    let mut rest = text.as_bytes();
    loop {
        let special = find(rest);
        // Prometheus reads a zero byte as the end of its input.
        let zero = memchr(0, &rest[..special.unwrap_or(rest.len())]);
        let Some(at) = zero.or(special) else { break };
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(match rest[at] {
            b'"' => b"\\\"",
            b'\n' => b"\\n",
            0 => "\u{fffd}".as_bytes(),
            _ => b"\\\\",
        });
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

/// Appends the value of an attribute, escaped.
pub(super) fn push_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::String(text) => push_escaped(out, text.as_str()),
        Value::I64(number) => out.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes()),
        other => push_escaped(out, &value_text(other)),
    }
}

/// Returns the value of an attribute, as the specification represents it in other protocols.
pub(super) fn value_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => text.as_str().into(),
        Value::Bool(true) => "true".into(),
        Value::Bool(false) => "false".into(),
        Value::F64(f64::INFINITY) => "Infinity".into(),
        Value::F64(f64::NEG_INFINITY) => "-Infinity".into(),
        Value::F64(number) => {
            let mut out = Vec::new();
            push_f64(&mut out, *number);
            String::from_utf8_lossy(&out).into_owned().into()
        }
        Value::Array(_) => to_json(&to_any_value(value)).to_string().into(),
        // The enum is non-exhaustive; a future variant is still readable as text.
        other => other.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::Array;

    use super::*;

    #[test]
    fn values_have_one_text() {
        for (value, expected) in [
            (Value::from("a\\b\"c\nd\0e"), "a\\\\b\\\"c\\nd\u{fffd}e"),
            (true.into(), "true"),
            ((-7).into(), "-7"),
            (1.5.into(), "1.5"),
            (f64::NAN.into(), "NaN"),
            (f64::NEG_INFINITY.into(), "-Infinity"),
            (Value::Array(vec![1, 2].into()), "[1,2]"),
            (Value::Array(vec![1.5, f64::NAN].into()), "[1.5,\\\"NaN\\\"]"),
            (Value::Array(Array::String(vec!["a".into(), "b\"".into()])), "[\\\"a\\\",\\\"b\\\\\\\"\\\"]"),
        ] {
            let mut out = Vec::new();
            push_value(&mut out, &value);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn special_bytes_are_escaped_at_each_position() {
        for (special, escaped) in [("\"", "\\\""), ("\\", "\\\\"), ("\n", "\\n"), ("\0", "\u{fffd}")] {
            for length in 0..40 {
                for at in 0..=length {
                    let (before, after) = ("é ".repeat(at), "\u{1}!".repeat(length - at));
                    let mut out = Vec::new();
                    push_escaped(&mut out, &[&before, special, &after].concat());
                    assert_eq!(String::from_utf8(out).unwrap(), [&before, escaped, &after].concat());
                    out = Vec::new();
                    push_escaped(&mut out, &[&*before, &after].concat());
                    assert_eq!(String::from_utf8(out).unwrap(), [&*before, &after].concat());
                }
            }
        }
    }
}
