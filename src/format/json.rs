//! JSON for machines: one object per line.
//!
//! Values are written as the specification's "Representation of `AnyValue` for Non-OTLP Protocols" asks for.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use opentelemetry::{InstrumentationScope, logs::AnyValue};
use opentelemetry_sdk::logs::SdkLogRecord;
use serde::Serialize;

use super::{LEVELS, hex, level, target, time_of};

/// What stands between time and target, for each of the levels.
const LEVEL_FIELDS: [&str; LEVELS.len()] = [
    "\",\"level\":\"-\",\"target\":\"",
    "\",\"level\":\"TRACE\",\"target\":\"",
    "\",\"level\":\"DEBUG\",\"target\":\"",
    "\",\"level\":\"INFO\",\"target\":\"",
    "\",\"level\":\"WARN\",\"target\":\"",
    "\",\"level\":\"ERROR\",\"target\":\"",
    "\",\"level\":\"FATAL\",\"target\":\"",
];

/// Appends the line of one record.
pub(crate) fn line(out: &mut String, record: &SdkLogRecord, scope: &InstrumentationScope) {
    out.push_str("{\"timestamp\":\"");
    time_of(out, record);
    out.push_str(LEVEL_FIELDS[level(record.severity_number())]);
    push_escaped("", target(record, scope), "\",\"message\":", out);
    match record.body() {
        Some(body) => value(out, body),
        None => out.push_str("null"),
    }
    out.push_str(",\"attributes\":{");
    let mut first = true;
    record.attributes_iter().for_each(|(key, attribute)| {
        member(out, first, key.as_str(), attribute);
        first = false;
    });
    out.push('}');
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
#[inline]
pub(crate) fn value(out: &mut String, any: &AnyValue) {
    match any {
        AnyValue::String(text) => string(out, text.as_str()),
        AnyValue::Int(number) => out.push_str(itoa::Buffer::new().format(*number)),
        AnyValue::Double(number) if number.is_finite() => {
            out.push_str(zmij::Buffer::new().format_finite(*number));
        }
        AnyValue::Boolean(true) => out.push_str("true"),
        AnyValue::Boolean(false) => out.push_str("false"),
        rare => rare_value(out, rare),
    }
}

#[inline(never)]
fn rare_value(out: &mut String, any: &AnyValue) {
    match any {
        AnyValue::Double(number) if number.is_nan() => out.push_str("\"NaN\""),
        AnyValue::Double(number) if *number > 0.0 => out.push_str("\"Infinity\""),
        AnyValue::Double(_) => out.push_str("\"-Infinity\""),
        AnyValue::Bytes(bytes) => {
            out.push('"');
            STANDARD.encode_string(bytes.as_slice(), out);
            out.push('"');
        }
        AnyValue::ListAny(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                value(out, item);
            }
            out.push(']');
        }
        AnyValue::Map(entries) => {
            out.push('{');
            for (index, (key, entry)) in entries.iter().enumerate() {
                member(out, index == 0, key.as_str(), entry);
            }
            out.push('}');
        }
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

fn member(out: &mut String, first: bool, key: &str, any: &AnyValue) {
    if first {
        push_escaped("\"", key, "\":", out);
    } else {
        push_escaped(",\"", key, "\":", out);
    }
    value(out, any);
}

/// What is done with a byte of a text.
const PLAIN: u8 = 0;
/// Written as `\u00..`.
const CONTROL: u8 = 1;
/// May begin one of the control characters U+0080 to U+009F, which terminals obey too.
const C1_LEAD: u8 = 2;

/// For each byte one of the above, or the letter behind its backslash.
static ESCAPES: [u8; 256] = {
    let mut escapes = [PLAIN; 256];
    let mut byte = 0;
    while byte < 0x20 {
        escapes[byte] = CONTROL;
        byte += 1;
    }
    escapes[0x7f] = CONTROL;
    escapes[0xc2] = C1_LEAD;
    escapes[b'"' as usize] = b'"';
    escapes[b'\\' as usize] = b'\\';
    escapes[b'\n' as usize] = b'n';
    escapes[b'\r' as usize] = b'r';
    escapes[b'\t' as usize] = b't';
    escapes
};

/// Appends a text in quotes.
#[inline]
fn string(out: &mut String, text: &str) {
    push_escaped("\"", text, "\"", out);
}

/// Appends a text and what stands around it.
#[expect(clippy::inline_always, reason = "what stands around is known then, and needs no call to be copied")]
#[inline(always)]
fn push_escaped(before: &str, text: &str, after: &str, out: &mut String) {
    out.push_str(before);
    if is_plain(text.as_bytes()) {
        out.push_str(text);
    } else {
        escaped(out, text);
    }
    out.push_str(after);
}

/// Appends a text; what is no control character is copied as it is.
#[cold]
#[inline(never)]
fn escaped(out: &mut String, text: &str) {
    let bytes = text.as_bytes();
    let mut copied = 0;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escape = ESCAPES[usize::from(*byte)];
        let (length, control) = match (escape, bytes.get(at + 1)) {
            (PLAIN, _) => {
                at += 1;
                continue;
            }
            (C1_LEAD, Some(next @ 0x80..=0x9f)) => (2, Some(*next)),
            (C1_LEAD, _) => {
                at += 2;
                continue;
            }
            (CONTROL, _) => (1, Some(*byte)),
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
}

/// Whether all bytes are ASCII that needs nothing. Eight are looked at together; the last ones together with some of those
/// before.
fn is_plain(bytes: &[u8]) -> bool {
    if let Some(last) = bytes.last_chunk::<8>() {
        let (words, _) = bytes.as_chunks::<8>();
        words.iter().all(|word| is_plain_word(u64::from_le_bytes(*word)))
            && is_plain_word(u64::from_le_bytes(*last))
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let half = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
        is_plain_word(half(first) | (half(last) << 32))
    } else {
        bytes.iter().all(|byte| ESCAPES[usize::from(*byte)] == PLAIN)
    }
}

fn is_plain_word(word: u64) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    // Each sets the high bit of a byte that is to be found, and of others only beside one.
    let is = |byte: u8| (word ^ (ONES * u64::from(byte))).wrapping_sub(ONES);
    let controls = word.wrapping_sub(ONES * 0x20);
    let delete = word.wrapping_add(ONES);
    (word | controls | delete | is(b'"') | is(b'\\')) & HIGH == 0
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
