//! The line of a problem, as a report shows it.

use std::ops::Range;

/// The line of a file, or the variable, that a [`Problem`](super::Problem) is about.
///
/// Secrets are masked with `***`. Text that could contain one, such as the value of an unknown key,
/// is replaced by `…`. Comments are left out, and control characters are escaped.
#[derive(Debug, Clone)]
pub struct Excerpt {
    text: String,
    span: Range<usize>,
    end_column: Option<u32>,
}

impl Excerpt {
    /// `span` is the part of `text` to mark, in bytes.
    pub(crate) fn new(text: String, span: Range<usize>, end_column: Option<u32>) -> Self {
        Self { text, span, end_column }
    }

    /// Returns the line of the file; for a variable, `NAME=value`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the part of [`text`](Self::text) that the problem is about, in bytes.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Returns the column behind the key or value in the file, in characters and counted from 1.
    /// [`Origin::File`](super::Origin::File) contains the column where it starts.
    #[must_use]
    pub fn end_column(&self) -> Option<u32> {
        self.end_column
    }
}
