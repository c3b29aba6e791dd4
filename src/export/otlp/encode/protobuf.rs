//! Protocol Buffers.

use super::{
    requests::RequestWriter,
    writer::{Field, Writer},
};
use crate::{export::message_buffer::MessageBuffer, text::floor_char_boundary};

/// Writes messages in Protocol Buffers.
#[derive(Debug)]
pub(super) struct ProtobufWriter {
    buffer: MessageBuffer,
    /// The length in bytes to which texts are shortened.
    text_limit: usize,
}

impl ProtobufWriter {
    /// Creates a writer that appends to `buffer`.
    pub(super) fn new(buffer: Vec<u8>) -> Self {
        Self { buffer: MessageBuffer::new(buffer), text_limit: usize::MAX }
    }
}

impl RequestWriter for ProtobufWriter {
    fn set_text_limit(&mut self, limit: usize) {
        self.text_limit = limit;
    }

    fn into_bytes(self) -> Vec<u8> {
        self.buffer.into_bytes()
    }
}

impl Writer for ProtobufWriter {
    #[inline]
    fn len(&self) -> usize {
        self.buffer.len()
    }

    fn truncate(&mut self, len: usize) {
        self.buffer.truncate(len);
    }

    #[inline]
    fn begin(&mut self, field: Field) -> usize {
        self.buffer.begin(field.number)
    }

    fn begin_list(&mut self, _field: Field) {}

    #[inline]
    fn begin_element(&mut self, field: Field) -> usize {
        self.begin(field)
    }

    #[inline]
    fn end(&mut self, start: usize) {
        self.buffer.end(start);
    }

    fn end_list(&mut self) {}

    #[inline]
    fn string(&mut self, field: Field, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    #[inline]
    fn text(&mut self, field: Field, text: &str) {
        if text.len() > self.text_limit {
            return self.string(field, &text[..floor_char_boundary(text, self.text_limit)]);
        }
        self.string(field, text);
    }

    #[inline]
    fn bytes(&mut self, field: Field, bytes: &[u8]) {
        self.buffer.bytes(field.number, bytes);
    }

    fn shortened_bytes(&mut self, field: Field, bytes: &[u8]) {
        self.bytes(field, &bytes[..bytes.len().min(self.text_limit)]);
    }

    #[inline]
    fn id<const N: usize>(&mut self, field: Field, id: [u8; N]) {
        self.bytes(field, &id);
    }

    #[inline]
    fn bool(&mut self, field: Field, value: bool) {
        self.uint32(field, value.into());
    }

    #[inline]
    fn uint32(&mut self, field: Field, value: u32) {
        self.buffer.uint64(field.number, value.into());
    }

    #[inline]
    fn sint32(&mut self, field: Field, value: i32) {
        self.buffer.sint32(field.number, value);
    }

    #[inline]
    fn int64(&mut self, field: Field, value: i64) {
        self.buffer.uint64(field.number, value.cast_unsigned());
    }

    #[inline]
    fn fixed32(&mut self, field: Field, value: u32) {
        self.buffer.fixed32(field.number, value.to_le_bytes());
    }

    #[inline]
    fn fixed64(&mut self, field: Field, value: u64) {
        self.buffer.fixed64(field.number, value.to_le_bytes());
    }

    #[inline]
    fn sfixed64(&mut self, field: Field, value: i64) {
        self.buffer.fixed64(field.number, value.to_le_bytes());
    }

    #[inline]
    fn double(&mut self, field: Field, value: f64) {
        self.buffer.double(field.number, value);
    }

    fn uint64_list(&mut self, field: Field, values: impl Iterator<Item = u64>) {
        self.buffer.packed(field.number, values, MessageBuffer::varint);
    }

    fn fixed64_list(&mut self, field: Field, values: impl Iterator<Item = u64>) {
        let write = |buffer: &mut MessageBuffer, value: u64| buffer.push(&value.to_le_bytes());
        self.buffer.packed(field.number, values, write);
    }

    fn double_list(&mut self, field: Field, values: impl Iterator<Item = f64>) {
        let write = |buffer: &mut MessageBuffer, value: f64| buffer.push(&value.to_le_bytes());
        self.buffer.packed(field.number, values, write);
    }
}
