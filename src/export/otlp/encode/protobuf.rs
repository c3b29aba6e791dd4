//! Protocol Buffers.

use super::{
    requests::RequestWriter,
    writer::{Field, Writer},
};
use crate::text::floor_char_boundary;

/// The types of a value on the wire.
const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH: u32 = 2;
const FIXED32: u32 = 5;

/// Writes messages in Protocol Buffers.
#[derive(Debug)]
pub(super) struct ProtobufWriter {
    buffer: Vec<u8>,
    /// The length in bytes to which texts are shortened.
    text_limit: usize,
}

impl ProtobufWriter {
    /// Creates a writer that appends to `buffer`.
    pub(super) fn new(buffer: Vec<u8>) -> Self {
        Self { buffer, text_limit: usize::MAX }
    }

    #[inline]
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.buffer.push(low_bits(value) | 0x80);
            value >>= 7;
        }
        self.buffer.push(low_bits(value));
    }

    /// Writes the number and the type of a field. Both are constants where this is called.
    #[inline]
    fn tag(&mut self, field: Field, wire_type: u32) {
        self.varint(u64::from(field.number << 3 | wire_type));
    }

    #[inline]
    fn fixed<const N: usize>(&mut self, field: Field, wire_type: u32, bytes: [u8; N]) {
        self.tag(field, wire_type);
        self.buffer.extend_from_slice(&bytes);
    }

    /// Inserts the length of a message that began at `start`, where one byte is free for it.
    #[inline(never)]
    fn insert_long_length(&mut self, start: usize, len: usize) {
        let len = len as u64;
        let extra = varint_len(len) - 1;
        let end = self.buffer.len();
        self.buffer.resize(end + extra, 0);
        self.buffer.copy_within(start..end, start + extra);
        let mut left = len;
        for byte in &mut self.buffer[start - 1..start + extra] {
            *byte = low_bits(left) | 0x80;
            left >>= 7;
        }
        self.buffer[start + extra - 1] &= 0x7f;
    }

    #[inline]
    fn packed<T>(
        &mut self,
        field: Field,
        values: impl Iterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        let mut values = values.peekable();
        if values.peek().is_none() {
            return;
        }
        let start = self.begin(field);
        values.for_each(|value| write(self, value));
        self.end(start);
    }
}

impl RequestWriter for ProtobufWriter {
    fn set_text_limit(&mut self, limit: usize) {
        self.text_limit = limit;
    }

    fn into_bytes(self) -> Vec<u8> {
        self.buffer
    }
}

#[inline]
#[allow(clippy::cast_possible_truncation, reason = "only the low bits are meant")]
fn low_bits(value: u64) -> u8 {
    value as u8
}

/// Returns the number of bytes of `value` as a varint.
fn varint_len(value: u64) -> usize {
    let bits = (u64::BITS - (value | 1).leading_zeros()) as usize;
    bits.div_ceil(7)
}

impl Writer for ProtobufWriter {
    #[inline]
    fn len(&self) -> usize {
        self.buffer.len()
    }

    fn truncate(&mut self, len: usize) {
        self.buffer.truncate(len);
    }

    /// Leaves one byte for the length, because most messages are shorter than 128 bytes.
    #[inline]
    fn begin(&mut self, field: Field) -> usize {
        self.tag(field, LENGTH);
        self.buffer.push(0);
        self.buffer.len()
    }

    fn begin_list(&mut self, _field: Field) {}

    #[inline]
    fn begin_element(&mut self, field: Field) -> usize {
        self.begin(field)
    }

    #[inline]
    fn end(&mut self, start: usize) {
        let len = self.buffer.len() - start;
        if len < 0x80 {
            self.buffer[start - 1] = low_bits(len as u64);
        } else {
            self.insert_long_length(start, len);
        }
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
        self.tag(field, LENGTH);
        self.varint(bytes.len() as u64);
        self.buffer.extend_from_slice(bytes);
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
        self.tag(field, VARINT);
        self.varint(value.into());
    }

    #[inline]
    fn sint32(&mut self, field: Field, value: i32) {
        self.uint32(field, (value << 1 ^ value >> 31).cast_unsigned());
    }

    #[inline]
    fn int64(&mut self, field: Field, value: i64) {
        self.tag(field, VARINT);
        self.varint(value.cast_unsigned());
    }

    #[inline]
    fn fixed32(&mut self, field: Field, value: u32) {
        self.fixed(field, FIXED32, value.to_le_bytes());
    }

    #[inline]
    fn fixed64(&mut self, field: Field, value: u64) {
        self.fixed(field, FIXED64, value.to_le_bytes());
    }

    #[inline]
    fn sfixed64(&mut self, field: Field, value: i64) {
        self.fixed(field, FIXED64, value.to_le_bytes());
    }

    #[inline]
    fn double(&mut self, field: Field, value: f64) {
        self.fixed(field, FIXED64, value.to_le_bytes());
    }

    fn uint64_list(&mut self, field: Field, values: impl Iterator<Item = u64>) {
        self.packed(field, values, Self::varint);
    }

    fn fixed64_list(&mut self, field: Field, values: impl Iterator<Item = u64>) {
        self.packed(field, values, |writer, value| writer.buffer.extend_from_slice(&value.to_le_bytes()));
    }

    fn double_list(&mut self, field: Field, values: impl Iterator<Item = f64>) {
        self.packed(field, values, |writer, value| writer.buffer.extend_from_slice(&value.to_le_bytes()));
    }
}
