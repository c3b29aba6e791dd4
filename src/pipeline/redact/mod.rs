//! Redacts attributes before any exporter gets them.
//!
//! It runs before the limits, so that a hash is that of the whole value.

mod redactor;

pub(super) use self::redactor::Redactor;
