//! JSON, with the names and forms of the OTLP specification, "JSON Protobuf Encoding".

use super::{
    requests::RequestWriter,
    writer::{Field, Writer},
};
use crate::{
    format::{
        hex::push_hex,
        json::{push_bool, push_bytes, push_double},
        json_string::push_string,
    },
    text::floor_char_boundary,
};

/// Writes messages in JSON.
#[derive(Debug)]
pub(super) struct JsonWriter {
    buffer: String,
    /// The length in bytes to which texts are shortened.
    text_limit: usize,
}

impl JsonWriter {
    pub(super) fn new() -> Self {
        Self { buffer: "{".to_owned(), text_limit: usize::MAX }
    }

    /// Separates a member or element from the one before it.
    #[inline]
    fn separate(&mut self) {
        if !matches!(self.buffer.as_bytes().last(), Some(b'{' | b'[')) {
            self.buffer.push(',');
        }
    }

    fn name(&mut self, field: Field) {
        self.separate();
        self.buffer.push('"');
        self.buffer.push_str(field.name);
        self.buffer.push_str("\":");
    }

    /// Writes an integer with 64 bits. JSON numbers have only 53 of them.
    fn quoted(&mut self, number: impl itoa::Integer) {
        self.buffer.push('"');
        self.number(number);
        self.buffer.push('"');
    }

    fn number(&mut self, number: impl itoa::Integer) {
        self.buffer.push_str(itoa::Buffer::new().format(number));
    }

    fn numbers<T>(
        &mut self,
        field: Field,
        values: impl Iterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        let mut values = values.peekable();
        if values.peek().is_none() {
            return;
        }
        self.begin_list(field);
        for value in values {
            self.separate();
            write(self, value);
        }
        self.end_list();
    }
}

impl RequestWriter for JsonWriter {
    fn set_text_limit(&mut self, limit: usize) {
        self.text_limit = limit;
    }

    fn into_bytes(mut self) -> Vec<u8> {
        self.buffer.push('}');
        self.buffer.into_bytes()
    }
}

impl Writer for JsonWriter {
    fn len(&self) -> usize {
        self.buffer.len()
    }

    fn truncate(&mut self, len: usize) {
        self.buffer.truncate(len);
    }

    fn begin(&mut self, field: Field) -> usize {
        self.name(field);
        self.buffer.push('{');
        0
    }

    fn begin_list(&mut self, field: Field) {
        self.name(field);
        self.buffer.push('[');
    }

    fn begin_element(&mut self, _field: Field) -> usize {
        self.separate();
        self.buffer.push('{');
        0
    }

    fn end(&mut self, _start: usize) {
        self.buffer.push('}');
    }

    fn end_list(&mut self) {
        self.buffer.push(']');
    }

    fn string(&mut self, field: Field, text: &str) {
        self.name(field);
        push_string(&mut self.buffer, text);
    }

    fn text(&mut self, field: Field, text: &str) {
        self.string(field, &text[..floor_char_boundary(text, self.text_limit)]);
    }

    fn bytes(&mut self, field: Field, bytes: &[u8]) {
        self.name(field);
        push_bytes(&mut self.buffer, bytes);
    }

    fn shortened_bytes(&mut self, field: Field, bytes: &[u8]) {
        self.bytes(field, &bytes[..bytes.len().min(self.text_limit)]);
    }

    fn id<const N: usize>(&mut self, field: Field, id: [u8; N]) {
        self.name(field);
        self.buffer.push('"');
        push_hex(&mut self.buffer, &id);
        self.buffer.push('"');
    }

    fn bool(&mut self, field: Field, value: bool) {
        self.name(field);
        push_bool(&mut self.buffer, value);
    }

    fn uint32(&mut self, field: Field, value: u32) {
        self.name(field);
        self.number(value);
    }

    fn sint32(&mut self, field: Field, value: i32) {
        self.name(field);
        self.number(value);
    }

    fn int64(&mut self, field: Field, value: i64) {
        self.name(field);
        self.quoted(value);
    }

    fn fixed32(&mut self, field: Field, value: u32) {
        self.uint32(field, value);
    }

    fn fixed64(&mut self, field: Field, value: u64) {
        self.name(field);
        self.quoted(value);
    }

    fn sfixed64(&mut self, field: Field, value: i64) {
        self.int64(field, value);
    }

    fn double(&mut self, field: Field, value: f64) {
        self.name(field);
        push_double(&mut self.buffer, value);
    }

    fn uint64_list(&mut self, field: Field, values: impl Iterator<Item = u64>) {
        self.numbers(field, values, Self::quoted);
    }

    fn fixed64_list(&mut self, field: Field, values: impl Iterator<Item = u64>) {
        self.numbers(field, values, Self::quoted);
    }

    fn double_list(&mut self, field: Field, values: impl Iterator<Item = f64>) {
        self.numbers(field, values, |writer, value| push_double(&mut writer.buffer, value));
    }
}
