//! The writer of one format.

use std::fmt;

use crate::text::end_within;

/// A field of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    /// Its number in Protocol Buffers.
    pub(super) number: u32,
    /// Its name in JSON.
    pub(super) name: &'static str,
}

impl Field {
    pub(super) const fn new(number: u32, name: &'static str) -> Self {
        Self { number, name }
    }
}

/// Writes the fields of messages in one format.
///
/// A writer writes each value that it gets. The caller leaves out fields with a default value,
/// except those that some receivers require and those of a `oneof`.
pub(crate) trait Writer: Sized {
    /// Returns the number of written bytes.
    fn len(&self) -> usize;

    /// Removes what was written after the first `len` bytes.
    fn truncate(&mut self, len: usize);

    /// Begins a nested message, and returns its position for [`end`](Self::end).
    fn begin(&mut self, field: Field) -> usize;

    /// Begins a list of messages.
    fn begin_list(&mut self, field: Field);

    /// Begins a message in a list, and returns its position for [`end`](Self::end).
    fn begin_element(&mut self, field: Field) -> usize;

    /// Ends the message that began at `start`.
    fn end(&mut self, start: usize);

    fn end_list(&mut self);

    /// Writes a text that must not change, such as a key.
    fn string(&mut self, field: Field, text: &str);

    /// Writes a text that may be shortened.
    fn text(&mut self, field: Field, text: &str);

    /// Writes bytes that must not change.
    fn bytes(&mut self, field: Field, bytes: &[u8]);

    /// Writes bytes that may be shortened.
    fn shortened_bytes(&mut self, field: Field, bytes: &[u8]);

    /// Writes the id of a trace or a span.
    fn id<const N: usize>(&mut self, field: Field, id: [u8; N]);

    fn bool(&mut self, field: Field, value: bool);

    fn uint32(&mut self, field: Field, value: u32);

    fn sint32(&mut self, field: Field, value: i32);

    fn int64(&mut self, field: Field, value: i64);

    fn fixed32(&mut self, field: Field, value: u32);

    fn fixed64(&mut self, field: Field, value: u64);

    fn sfixed64(&mut self, field: Field, value: i64);

    fn double(&mut self, field: Field, value: f64);

    /// Writes a packed list of `uint64`, or nothing if it is empty.
    fn uint64_list(&mut self, field: Field, values: impl Iterator<Item = u64>);

    /// Writes a packed list of `fixed64`, or nothing if it is empty.
    fn fixed64_list(&mut self, field: Field, values: impl Iterator<Item = u64>);

    /// Writes a packed list of `double`, or nothing if it is empty.
    fn double_list(&mut self, field: Field, values: impl Iterator<Item = f64>);

    /// Names the part of the item to which the following values belong.
    #[inline]
    fn part(&mut self, _name: PartName<'_>) {}

    /// Writes a nested message.
    #[inline]
    fn message(&mut self, field: Field, write: impl FnOnce(&mut Self)) {
        let start = self.begin(field);
        write(self);
        self.end(start);
    }

    /// Writes a list of messages.
    #[inline]
    fn list<T>(
        &mut self,
        field: Field,
        elements: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.begin_list(field);
        for element in elements {
            let start = self.begin_element(field);
            write(self, element);
            self.end(start);
        }
        self.end_list();
    }

    /// Writes a list of messages, unless it is empty.
    #[inline]
    fn list_if_any<T>(
        &mut self,
        field: Field,
        elements: impl IntoIterator<Item = T>,
        write: impl FnMut(&mut Self, T),
    ) {
        let mut elements = elements.into_iter().peekable();
        if elements.peek().is_some() {
            self.list(field, elements, write);
        }
    }

    /// Writes a text that must not change, unless it is empty.
    #[inline]
    fn string_if_any(&mut self, field: Field, text: &str) {
        if !text.is_empty() {
            self.string(field, text);
        }
    }

    /// Writes a text that may be shortened, unless it is empty.
    #[inline]
    fn text_if_any(&mut self, field: Field, text: &str) {
        if !text.is_empty() {
            self.text(field, text);
        }
    }

    /// Writes a number, unless it is zero.
    #[inline]
    fn uint32_if_any(&mut self, field: Field, value: u32) {
        if value != 0 {
            self.uint32(field, value);
        }
    }

    /// Writes a number, unless it is zero.
    #[inline]
    fn fixed64_if_any(&mut self, field: Field, value: u64) {
        if value != 0 {
            self.fixed64(field, value);
        }
    }
}

/// The name of a part of an item, for messages.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PartName<'p> {
    /// A part that occurs once in its item: `the body`.
    Single(&'static str),
    /// An attribute: `the resource attribute "k"`.
    Attribute(&'static str, &'p str),
}

/// The number of characters of a key that a message contains.
const MAX_KEY_CHARS: usize = 60;

impl fmt::Display for PartName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single(name) => f.write_str(name),
            Self::Attribute(kind, key) => {
                let end = end_within(key, MAX_KEY_CHARS).unwrap_or(key.len());
                write!(f, "{kind} \"{}\"", key[..end].escape_debug())
            }
        }
    }
}
