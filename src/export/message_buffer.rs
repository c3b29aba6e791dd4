//! Messages of Protocol Buffers as bytes.

/// The types of a value on the wire.
const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH: u32 = 2;
const FIXED32: u32 = 5;

/// The fields of a message, one after the other. A field is given by its number.
#[derive(Debug, Default)]
pub(crate) struct MessageBuffer(Vec<u8>);

impl MessageBuffer {
    /// Creates a message whose fields are appended to `bytes`.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// Appends bytes without a field, such as a part of a text.
    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    #[inline]
    pub(crate) fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(low_bits(value) | 0x80);
            value >>= 7;
        }
        self.0.push(low_bits(value));
    }

    /// Writes the number and the type of a field. Both are constants where this is called.
    #[inline]
    fn tag(&mut self, field: u32, wire_type: u32) {
        self.varint(u64::from(field << 3 | wire_type));
    }

    /// Begins a nested message, a text or a packed list, and returns its position for
    /// [`end`](Self::end). Leaves one byte for the length, because most are shorter than 128 bytes.
    #[inline]
    pub(crate) fn begin(&mut self, field: u32) -> usize {
        self.tag(field, LENGTH);
        self.0.push(0);
        self.0.len()
    }

    /// Writes the length of what began at `start`.
    #[inline]
    pub(crate) fn end(&mut self, start: usize) {
        let len = self.0.len() - start;
        if len < 0x80 {
            self.0[start - 1] = low_bits(len as u64);
        } else {
            self.insert_long_length(start, len);
        }
    }

    /// Inserts the length of a message that began at `start`, where one byte is free for it.
    #[inline(never)]
    fn insert_long_length(&mut self, start: usize, len: usize) {
        let len = len as u64;
        let extra = varint_len(len) - 1;
        let end = self.0.len();
        self.0.resize(end + extra, 0);
        self.0.copy_within(start..end, start + extra);
        let mut left = len;
        for byte in &mut self.0[start - 1..start + extra] {
            *byte = low_bits(left) | 0x80;
            left >>= 7;
        }
        self.0[start + extra - 1] &= 0x7f;
    }

    #[inline]
    pub(crate) fn bytes(&mut self, field: u32, bytes: &[u8]) {
        self.tag(field, LENGTH);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    #[inline]
    pub(crate) fn uint64(&mut self, field: u32, value: u64) {
        self.tag(field, VARINT);
        self.varint(value);
    }

    #[inline]
    pub(crate) fn sint32(&mut self, field: u32, value: i32) {
        self.uint64(field, (value << 1 ^ value >> 31).cast_unsigned().into());
    }

    #[inline]
    pub(crate) fn fixed32(&mut self, field: u32, bytes: [u8; 4]) {
        self.tag(field, FIXED32);
        self.0.extend_from_slice(&bytes);
    }

    #[inline]
    pub(crate) fn fixed64(&mut self, field: u32, bytes: [u8; 8]) {
        self.tag(field, FIXED64);
        self.0.extend_from_slice(&bytes);
    }

    #[inline]
    pub(crate) fn double(&mut self, field: u32, value: f64) {
        self.fixed64(field, value.to_le_bytes());
    }

    /// Writes a packed list, or nothing if it is empty.
    #[inline]
    pub(crate) fn packed<T>(
        &mut self,
        field: u32,
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
