//! JSON for machines: one object per line.
//!
//! Values follow the OpenTelemetry specification, "Representation of `AnyValue` for Non-OTLP
//! Protocols".

use base64::{Engine as _, engine::general_purpose::STANDARD};
use opentelemetry::{InstrumentationScope, logs::AnyValue};
use opentelemetry_sdk::logs::SdkLogRecord;
use serde::Serialize;

use super::{
    hex::push_hex,
    json_string::{push_escaped, push_string},
    record::{LEVEL_NAMES, level_index, push_record_time, target},
};

/// The text between time and target, for each of the levels.
const LEVEL_FIELDS: [&str; LEVEL_NAMES.len()] = [
    "\",\"level\":\"-\",\"target\":\"",
    "\",\"level\":\"TRACE\",\"target\":\"",
    "\",\"level\":\"DEBUG\",\"target\":\"",
    "\",\"level\":\"INFO\",\"target\":\"",
    "\",\"level\":\"WARN\",\"target\":\"",
    "\",\"level\":\"ERROR\",\"target\":\"",
    "\",\"level\":\"FATAL\",\"target\":\"",
];

/// Appends the line of a record.
pub(crate) fn push_record(out: &mut String, record: &SdkLogRecord, scope: &InstrumentationScope) {
    out.push_str("{\"timestamp\":\"");
    push_record_time(out, record);
    out.push_str(LEVEL_FIELDS[level_index(record.severity_number())]);
    push_escaped("", target(record, scope), "\",\"message\":", out);
    match record.body() {
        Some(body) => push_value(out, body),
        None => out.push_str("null"),
    }
    out.push_str(",\"attributes\":{");
    let mut first = true;
    record.attributes_iter().for_each(|(key, attribute)| {
        push_member(out, first, key.as_str(), attribute);
        first = false;
    });
    out.push('}');
    if let Some(context) = record.trace_context() {
        out.push_str(",\"trace_id\":\"");
        push_hex(out, &context.trace_id.to_bytes());
        out.push_str("\",\"span_id\":\"");
        push_hex(out, &context.span_id.to_bytes());
        out.push('"');
    }
    out.push_str("}\n");
}

/// Appends any serializable value as a line of JSON.
pub(crate) fn push_line(out: &mut String, value: &impl Serialize) {
    // Serialization fails only for maps with keys that are not strings, and no caller has one.
    if let Ok(line) = serde_json::to_string(value) {
        out.push_str(&line);
        out.push('\n');
    }
}

/// Appends a value.
#[inline]
fn push_value(out: &mut String, any: &AnyValue) {
    match any {
        AnyValue::String(text) => push_string(out, text.as_str()),
        AnyValue::Int(number) => out.push_str(itoa::Buffer::new().format(*number)),
        AnyValue::Double(number) if number.is_finite() => {
            out.push_str(zmij::Buffer::new().format_finite(*number));
        }
        AnyValue::Boolean(true) => out.push_str("true"),
        AnyValue::Boolean(false) => out.push_str("false"),
        rare => push_rare_value(out, rare),
    }
}

#[inline(never)]
fn push_rare_value(out: &mut String, any: &AnyValue) {
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
                push_value(out, item);
            }
            out.push(']');
        }
        AnyValue::Map(entries) => {
            out.push('{');
            for (index, (key, entry)) in entries.iter().enumerate() {
                push_member(out, index == 0, key.as_str(), entry);
            }
            out.push('}');
        }
        // The enum is non-exhaustive; a future variant is still readable.
        other => push_string(out, &format!("{other:?}")),
    }
}

fn push_member(out: &mut String, first: bool, key: &str, any: &AnyValue) {
    if first {
        push_escaped("\"", key, "\":", out);
    } else {
        push_escaped(",\"", key, "\":", out);
    }
    push_value(out, any);
}

/// Returns a value as part of a larger structure, in the same representation as in a record.
pub(crate) fn to_json(any: &AnyValue) -> serde_json::Value {
    let mut out = String::new();
    push_value(&mut out, any);
    serde_json::from_str(&out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(any: impl Into<AnyValue>) -> String {
        let mut out = String::new();
        push_value(&mut out, &any.into());
        out
    }

    #[test]
    fn number_that_is_not_finite_is_a_string() {
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
