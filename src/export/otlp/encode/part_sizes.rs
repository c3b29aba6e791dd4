//! The sizes of the parts of an item, to find what makes it too large.

use super::writer::{Field, PartName, Writer};
use crate::diagnostics::item_count::Thousands;

/// Measures the values that it gets, instead of writing them.
#[derive(Debug, Default)]
pub(super) struct PartSizes {
    /// The size of the current part, and its name.
    current: (usize, String),
    largest: (usize, String),
    /// The size of all parts together.
    total: usize,
    parts: u64,
    /// The lengths of the texts that may be shortened.
    texts: Vec<usize>,
}

impl PartSizes {
    fn finish_part(&mut self) {
        if self.current.0 > self.largest.0 {
            self.largest = std::mem::take(&mut self.current);
        }
    }

    fn add(&mut self, len: usize) {
        self.current.0 += len;
        self.total += len;
    }

    /// Describes the largest part of an item that is encoded in `len` bytes.
    pub(super) fn describe_largest(&mut self, len: usize) -> String {
        self.finish_part();
        let (bytes, name) = &self.largest;
        let size = Thousands(*bytes as u64);
        if *bytes > self.total / 2 && *bytes > len / 2 / MAX_ESCAPE {
            format!("{name} has {size} bytes")
        } else {
            format!("the largest of its {} attributes and texts has {size} bytes", Thousands(self.parts))
        }
    }

    /// Returns the lengths of the texts that may be shortened.
    pub(super) fn into_texts(self) -> Vec<usize> {
        self.texts
    }
}

/// The bytes that JSON needs at most for a byte of a text.
const MAX_ESCAPE: usize = 6;

/// The size of a number, about.
const NUMBER: usize = 8;

impl Writer for PartSizes {
    fn part(&mut self, name: PartName<'_>) {
        self.finish_part();
        self.parts += 1;
        self.current = (0, name.to_string());
    }

    fn string(&mut self, _: Field, text: &str) {
        self.add(text.len());
    }

    fn text(&mut self, _: Field, text: &str) {
        self.add(text.len());
        self.texts.push(text.len());
    }

    fn bytes(&mut self, _: Field, bytes: &[u8]) {
        self.add(bytes.len());
    }

    fn shortened_bytes(&mut self, _: Field, bytes: &[u8]) {
        self.add(bytes.len());
        self.texts.push(bytes.len());
    }

    fn bool(&mut self, _: Field, _: bool) {
        self.add(1);
    }

    fn int64(&mut self, _: Field, _: i64) {
        self.add(NUMBER);
    }

    fn double(&mut self, _: Field, _: f64) {
        self.add(NUMBER);
    }

    // What follows has the same size in each item.

    fn len(&self) -> usize {
        0
    }

    fn truncate(&mut self, _: usize) {}

    fn begin(&mut self, _: Field) -> usize {
        0
    }

    fn begin_list(&mut self, _: Field) {}

    fn begin_element(&mut self, _: Field) -> usize {
        0
    }

    fn end(&mut self, _: usize) {}

    fn end_list(&mut self) {}

    fn id<const N: usize>(&mut self, _: Field, _: [u8; N]) {}

    fn uint32(&mut self, _: Field, _: u32) {}

    fn sint32(&mut self, _: Field, _: i32) {}

    fn fixed32(&mut self, _: Field, _: u32) {}

    fn fixed64(&mut self, _: Field, _: u64) {}

    fn sfixed64(&mut self, _: Field, _: i64) {}

    fn uint64_list(&mut self, _: Field, _: impl Iterator<Item = u64>) {}

    fn fixed64_list(&mut self, _: Field, _: impl Iterator<Item = u64>) {}

    fn double_list(&mut self, _: Field, _: impl Iterator<Item = f64>) {}
}
