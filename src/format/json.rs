//! JSON for machines: one object per line.
//!
//! Values follow the OpenTelemetry specification, "Representation of `AnyValue` for Non-OTLP
//! Protocols".

use std::{ops::Range, time::SystemTime};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use opentelemetry::{
    InstrumentationScope, SpanId, TraceId,
    logs::{AnyValue, Severity},
};
use opentelemetry_sdk::logs::SdkLogRecord;
use serde::Serialize;

pub(crate) use super::json_string::{EscapedText, is_plain, push_string};
use super::{
    hex::push_hex,
    json_string::push_escaped,
    record::{LEVEL_NAMES, level_index, record_time, target},
    time::push_timestamp,
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

/// The line of a record that is being written.
#[derive(Debug)]
pub(crate) struct JsonLine<'o> {
    out: &'o mut String,
    /// The place of the body, which is empty until it is set.
    body: Range<usize>,
    has_attributes: bool,
}

impl<'o> JsonLine<'o> {
    /// Starts a line at the end of `out`.
    #[inline]
    pub(crate) fn start(
        out: &'o mut String,
        time: Option<SystemTime>,
        severity: Option<Severity>,
        target: &str,
    ) -> Self {
        out.push_str("{\"timestamp\":\"");
        push_timestamp(out, time);
        out.push_str(LEVEL_FIELDS[level_index(severity)]);
        push_escaped("", target, "\",\"message\":", out);
        let body = out.len()..out.len();
        Self { out, body, has_attributes: false }
    }

    /// Sets the body to the JSON that `write` appends. Nearly always called before any attribute.
    #[inline]
    pub(crate) fn set_body(&mut self, write: impl FnOnce(&mut String)) {
        if self.body.end == self.out.len() && self.body.is_empty() {
            write(self.out);
            self.body.end = self.out.len();
        } else {
            let mut body = String::new();
            write(&mut body);
            self.replace_body(&body);
        }
    }

    #[cold]
    fn replace_body(&mut self, body: &str) {
        self.out.replace_range(self.body.clone(), body);
        self.body.end = self.body.start + body.len();
    }

    /// Appends the key of an attribute. The caller appends the value as JSON to the result.
    #[inline]
    pub(crate) fn add_key(&mut self, key: &str) -> &mut String {
        self.start_attribute();
        push_escaped("", key, "\":", self.out);
        self.out
    }

    /// Same as [`add_key`](Self::add_key), for a key that [`is_plain`].
    #[inline]
    pub(crate) fn add_plain_key(&mut self, key: &str) -> &mut String {
        self.start_attribute();
        self.out.push_str(key);
        self.out.push_str("\":");
        self.out
    }

    #[inline]
    fn start_attribute(&mut self) {
        if self.has_attributes {
            self.out.push_str(",\"");
        } else {
            self.end_body();
            self.out.push_str(",\"attributes\":{\"");
            self.has_attributes = true;
        }
    }

    fn end_body(&mut self) {
        if self.body.is_empty() {
            self.out.push_str("null");
            self.body.end = self.out.len();
        }
    }

    /// Ends the line with the ids of a span.
    #[inline]
    pub(crate) fn end(mut self, ids: Option<(TraceId, SpanId)>) {
        if !self.has_attributes {
            self.end_body();
            self.out.push_str(",\"attributes\":{");
        }
        let out = self.out;
        match ids {
            Some((trace_id, span_id)) => {
                out.push_str("},\"trace_id\":\"");
                push_hex(out, &trace_id.to_bytes());
                out.push_str("\",\"span_id\":\"");
                push_hex(out, &span_id.to_bytes());
                out.push_str("\"}\n");
            }
            None => out.push_str("}}\n"),
        }
    }
}

/// Appends the line of a record.
pub(crate) fn push_record(out: &mut String, record: &SdkLogRecord, scope: &InstrumentationScope) {
    let mut line = JsonLine::start(out, record_time(record), record.severity_number(), target(record, scope));
    if let Some(body) = record.body() {
        line.set_body(|out| push_any_value(out, body));
    }
    record.attributes_iter().for_each(|(key, value)| push_any_value(line.add_key(key.as_str()), value));
    line.end(record.trace_context().map(|context| (context.trace_id, context.span_id)));
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
pub(crate) fn push_any_value(out: &mut String, any: &AnyValue) {
    match any {
        AnyValue::String(text) => push_string(out, text.as_str()),
        AnyValue::Int(number) => push_int(out, *number),
        AnyValue::Double(number) => push_double(out, *number),
        AnyValue::Boolean(boolean) => push_bool(out, *boolean),
        rare => push_rare_value(out, rare),
    }
}

#[inline]
pub(crate) fn push_int(out: &mut String, number: i64) {
    out.push_str(itoa::Buffer::new().format(number));
}

#[inline]
pub(crate) fn push_double(out: &mut String, number: f64) {
    if number.is_finite() {
        out.push_str(zmij::Buffer::new().format_finite(number));
    } else if number.is_nan() {
        out.push_str("\"NaN\"");
    } else {
        out.push_str(if number > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" });
    }
}

#[inline]
pub(crate) fn push_bool(out: &mut String, boolean: bool) {
    out.push_str(if boolean { "true" } else { "false" });
}

pub(crate) fn push_bytes(out: &mut String, bytes: &[u8]) {
    out.push('"');
    STANDARD.encode_string(bytes, out);
    out.push('"');
}

#[inline(never)]
fn push_rare_value(out: &mut String, any: &AnyValue) {
    match any {
        AnyValue::Bytes(bytes) => push_bytes(out, bytes),
        AnyValue::ListAny(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                push_any_value(out, item);
            }
            out.push(']');
        }
        AnyValue::Map(entries) => {
            out.push('{');
            for (index, (key, entry)) in entries.iter().enumerate() {
                push_escaped(if index == 0 { "\"" } else { ",\"" }, key.as_str(), "\":", out);
                push_any_value(out, entry);
            }
            out.push('}');
        }
        // The enum is non-exhaustive; a future variant is still readable.
        other => push_string(out, &format!("{other:?}")),
    }
}

/// Returns a value as part of a larger structure, in the same representation as in a record.
pub(crate) fn to_json(any: &AnyValue) -> serde_json::Value {
    let mut out = String::new();
    push_any_value(&mut out, any);
    serde_json::from_str(&out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(any: impl Into<AnyValue>) -> String {
        let mut out = String::new();
        push_any_value(&mut out, &any.into());
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
