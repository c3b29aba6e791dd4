//! Where records come from: body and attributes, on their way to a record or a line.

use std::{borrow::Cow, fmt};

use opentelemetry::{
    Key, Value,
    logs::{AnyValue, Severity},
};

/// Target and severity of a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head<'t> {
    pub(super) target: Target<'t>,
    pub(super) severity: Severity,
}

/// A target as its source holds it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target<'t> {
    Static(&'static str),
    Text(&'t str),
    Name(&'t Cow<'static, str>),
}

impl<'t> Target<'t> {
    #[expect(clippy::match_same_arms, reason = "the texts live for different times")]
    pub(super) fn as_str(self) -> &'t str {
        match self {
            Self::Static(target) => target,
            Self::Text(target) => target,
            Self::Name(target) => target,
        }
    }

    /// Returns the target for a record, without a copy of a static text.
    pub(super) fn into_owned(self) -> Cow<'static, str> {
        match self {
            Self::Static(target) => target.into(),
            Self::Text(target) => target.to_owned().into(),
            Self::Name(target) => target.clone(),
        }
    }
}

/// Body and attributes in the form of their source.
pub(super) trait RecordSource {
    /// Returns whether the limit of lengths is the only one that can apply: no key repeats, and no
    /// value is nested. Returns `false` if that costs too much to find out.
    fn is_regular(&self, limits: RecordLimits) -> bool;

    /// Passes body and attributes on, once. Formats each value once.
    fn read(&mut self, fields: &mut impl Fields);
}

/// The limits of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordLimits {
    pub(crate) attributes: usize,
    pub(crate) value_length: Option<usize>,
}

/// Receives body and attributes.
pub(super) trait Fields {
    fn set(&mut self, place: Place<'_>, value: SourceValue<'_>);

    /// Adds the message of an error, besides the value of the field that holds the error.
    fn add_exception(&mut self, message: &str);
}

/// The place of a value in a record.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'k> {
    Body,
    /// An attribute with a static key.
    Static(&'static str),
    /// An attribute with a static key that needs no escape in JSON, if the source is regular.
    Plain(&'static str),
    /// An attribute with a key that is copied.
    Text(&'k str),
    /// An attribute with a key that is shared.
    Key(&'k Key),
}

/// A value as its source holds it.
#[derive(Debug)]
pub(super) enum SourceValue<'v> {
    Static(&'static str),
    Text(&'v str),
    /// A text of the program's own implementation of `Display` or `Debug`.
    Formatted(fmt::Arguments<'v>),
    Int(i64),
    Double(f64),
    Bool(bool),
    Bytes(&'v [u8]),
    Attribute(&'v Value),
    Any(AnyValue),
}
