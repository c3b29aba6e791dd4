//! Writes body and attributes into a line of JSON.

use std::fmt;

use opentelemetry::{Value, logs::AnyValue};

use super::{
    record_source::{Fields, Place, SourceValue},
    value::{format_text, write_value},
};
use crate::{
    format::{
        EXCEPTION_MESSAGE,
        json::{
            EscapedText, JsonLine, push_any_value, push_bool, push_bytes, push_double, push_int, push_string,
        },
        to_any_value,
    },
    text::end_within,
};

/// Writes the fields into a line of JSON.
pub(super) struct LineFields<'l, 'o> {
    line: &'l mut JsonLine<'o>,
    value_length: Option<usize>,
    /// Of several messages, the last one counts.
    exception: Option<String>,
}

impl<'l, 'o> LineFields<'l, 'o> {
    #[inline]
    pub(super) fn new(line: &'l mut JsonLine<'o>, value_length: Option<usize>) -> Self {
        Self { line, value_length, exception: None }
    }

    /// Must be called after the last field.
    #[inline]
    pub(super) fn end(self) {
        if let Some(message) = self.exception {
            push_text(self.line.add_key(EXCEPTION_MESSAGE), &message, self.value_length);
        }
    }
}

impl Fields for LineFields<'_, '_> {
    #[expect(clippy::inline_always, reason = "the kind of each value is then known where it is set")]
    #[inline(always)]
    fn set(&mut self, place: Place<'_>, value: SourceValue<'_>) {
        let length = self.value_length;
        let out = match place {
            Place::Body => return self.line.set_body(|out| push_value(out, value, length)),
            Place::Plain(key) => self.line.add_plain_key(key),
            Place::Static(key) | Place::Text(key) => self.line.add_key(key),
            Place::Key(key) => self.line.add_key(key.as_str()),
        };
        push_value(out, value, length);
    }

    fn add_exception(&mut self, message: &str) {
        self.exception = Some(message.to_owned());
    }
}

#[expect(clippy::inline_always, reason = "the kind of each value is then known where it is set")]
#[inline(always)]
fn push_value(out: &mut String, value: SourceValue<'_>, length: Option<usize>) {
    match value {
        SourceValue::Static(text) | SourceValue::Text(text) => push_text(out, text, length),
        SourceValue::Formatted(arguments) => push_formatted(out, arguments, length),
        SourceValue::Int(number) => push_int(out, number),
        SourceValue::Double(number) => push_double(out, number),
        SourceValue::Bool(boolean) => push_bool(out, boolean),
        SourceValue::Bytes(bytes) => push_short_bytes(out, bytes, length),
        SourceValue::Attribute(Value::String(text)) => push_text(out, text.as_str(), length),
        SourceValue::Attribute(value) => push_any_value(out, &to_any_value(value)),
        SourceValue::Any(AnyValue::String(text)) => push_text(out, text.as_str(), length),
        SourceValue::Any(AnyValue::Bytes(bytes)) => push_short_bytes(out, &bytes, length),
        SourceValue::Any(value) => push_any_value(out, &value),
    }
}

fn push_short_bytes(out: &mut String, bytes: &[u8], length: Option<usize>) {
    push_bytes(out, &bytes[..length.map_or(bytes.len(), |length| length.min(bytes.len()))]);
}

#[inline]
fn push_text(out: &mut String, text: &str, length: Option<usize>) {
    let end = length.and_then(|length| end_within(text, length));
    push_string(out, end.map_or(text, |end| &text[..end]));
}

fn push_formatted(out: &mut String, arguments: fmt::Arguments<'_>, length: Option<usize>) {
    if length.is_some() {
        return push_text(out, &format_text(arguments), length);
    }
    if let Some(text) = arguments.as_str() {
        return push_string(out, text);
    }
    out.push('"');
    write_value(&mut EscapedText(out), arguments);
    out.push('"');
}
