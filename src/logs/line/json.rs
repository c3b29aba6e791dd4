//! JSON for machines: one object per line.
//!
//! Values are written as the specification's "Representation of `AnyValue` for Non-OTLP Protocols" asks for.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use opentelemetry::{InstrumentationScope, logs::AnyValue};
use opentelemetry_sdk::logs::SdkLogRecord;
use serde::Serialize;

use super::{hex, level, target, time_of};

/// Appends the line of one record.
pub(crate) fn line(out: &mut String, record: &SdkLogRecord, scope: &InstrumentationScope) {
    out.push_str("{\"timestamp\":\"");
    time_of(out, record);
    out.push_str("\",\"level\":\"");
    out.push_str(level(record.severity_number()));
    out.push_str("\",\"target\":");
    string(out, target(record, scope));
    out.push_str(",\"message\":");
    match record.body() {
        Some(body) => value(out, body),
        None => out.push_str("null"),
    }
    out.push_str(",\"attributes\":");
    object(out, record.attributes_iter().map(|(key, value)| (key.as_str(), value)));
    if let Some(context) = record.trace_context() {
        out.push_str(",\"trace_id\":\"");
        hex(out, &context.trace_id.to_bytes());
        out.push_str("\",\"span_id\":\"");
        hex(out, &context.span_id.to_bytes());
        out.push('"');
    }
    out.push_str("}\n");
}

/// Appends anything as one line of JSON.
pub(crate) fn append(out: &mut String, value: &impl Serialize) {
    // Only maps with keys that are no strings can fail, and there are none.
    if let Ok(line) = serde_json::to_string(value) {
        out.push_str(&line);
        out.push('\n');
    }
}

/// Appends a value.
pub(crate) fn value(out: &mut String, value: &AnyValue) {
    match value {
        AnyValue::String(text) => string(out, text.as_str()),
        AnyValue::Int(number) => out.push_str(itoa::Buffer::new().format(*number)),
        AnyValue::Double(number) if number.is_finite() => {
            out.push_str(zmij::Buffer::new().format_finite(*number));
        }
        AnyValue::Double(number) if number.is_nan() => out.push_str("\"NaN\""),
        AnyValue::Double(number) if *number > 0.0 => out.push_str("\"Infinity\""),
        AnyValue::Double(_) => out.push_str("\"-Infinity\""),
        AnyValue::Boolean(boolean) => out.push_str(if *boolean { "true" } else { "false" }),
        AnyValue::Bytes(bytes) => {
            out.push('"');
            STANDARD.encode_string(bytes.as_slice(), out);
            out.push('"');
        }
        AnyValue::ListAny(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                self::value(out, item);
            }
            out.push(']');
        }
        AnyValue::Map(entries) => object(out, entries.iter().map(|(key, value)| (key.as_str(), value))),
        // The enum is open; what it may hold one day still has a form that can be read.
        other => string(out, &format!("{other:?}")),
    }
}

/// A value as part of a larger structure. Slower than [`value`], whose rules it follows.
pub(crate) fn tree(any: &AnyValue) -> serde_json::Value {
    let mut out = String::new();
    value(&mut out, any);
    serde_json::from_str(&out).unwrap_or_default()
}

fn object<'v>(out: &mut String, entries: impl Iterator<Item = (&'v str, &'v AnyValue)>) {
    out.push('{');
    for (index, (key, entry)) in entries.enumerate() {
        out.push_str(if index == 0 { "" } else { "," });
        string(out, key);
        out.push(':');
        value(out, entry);
    }
    out.push('}');
}

/// What is done with a byte of a text.
const PLAIN: u8 = 0;
/// Written as `\u00..`.
const CONTROL: u8 = 1;
/// May begin one of the control characters U+0080 to U+009F, which terminals obey too.
const LEAD: u8 = 2;

/// For each byte one of the above, or the letter behind its backslash.
static ESCAPES: [u8; 256] = {
    let mut escapes = [PLAIN; 256];
    let mut byte = 0;
    while byte < 0x20 {
        escapes[byte] = CONTROL;
        byte += 1;
    }
    escapes[0x7f] = CONTROL;
    escapes[0xc2] = LEAD;
    escapes[b'"' as usize] = b'"';
    escapes[b'\\' as usize] = b'\\';
    escapes[b'\n' as usize] = b'n';
    escapes[b'\r' as usize] = b'r';
    escapes[b'\t' as usize] = b't';
    escapes
};

/// Appends a text in quotes. Everything that is no control character is copied as it is.
fn string(out: &mut String, text: &str) {
    out.push('"');
    let bytes = text.as_bytes();
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        let escape = ESCAPES[usize::from(bytes[at])];
        if escape == PLAIN {
            at += 1;
            continue;
        }
        let (length, control) = match (escape, bytes.get(at + 1)) {
            (LEAD, Some(next @ 0x80..=0x9f)) => (2, Some(*next)),
            (LEAD, _) => {
                at += 2;
                continue;
            }
            (CONTROL, _) => (1, Some(bytes[at])),
            _ => (1, None),
        };
        out.push_str(&text[copied..at]);
        match control {
            Some(control) => {
                out.push_str("\\u00");
                hex(out, &[control]);
            }
            None => {
                out.push('\\');
                out.push(char::from(escape));
            }
        }
        at += length;
        copied = at;
    }
    out.push_str(&text[copied..]);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(any: impl Into<AnyValue>) -> String {
        let mut out = String::new();
        value(&mut out, &any.into());
        out
    }

    #[test]
    fn every_character_survives() {
        let all: String = ('\0'..=char::MAX).collect();
        let line = json(all.clone());
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), all);
        assert!(!line.contains(char::is_control));
        assert_eq!(
            json("\u{1b}[31m\n\u{9b}é\u{a0}\"\\"),
            r#""\u001b[31m\n\u009bé"#.to_owned() + "\u{a0}\\\"\\\\\""
        );
    }

    #[test]
    fn json_has_no_nan() {
        assert_eq!(json(f64::NAN), "\"NaN\"");
        assert_eq!(json(f64::NEG_INFINITY), "\"-Infinity\"");
        assert_eq!(json(1.0), "1.0");
        assert_eq!(json(i64::MIN), i64::MIN.to_string());
    }

    #[test]
    fn bytes_are_base64() {
        assert_eq!(json(&[0xff_u8, 0, b'a'][..]), "\"/wBh\"");
    }
}
