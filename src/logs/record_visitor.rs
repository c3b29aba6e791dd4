//! Reads the fields of `tracing` events.

use std::{error::Error, fmt};

use tracing::field::{Field, Visit};

use super::{
    record_source::{Fields, Place, SourceValue},
    value::{display_lossy, with_integer},
};

/// Passes the fields of an event on and keeps their types.
pub(super) struct RecordVisitor<'f, F> {
    pub(super) fields: &'f mut F,
    /// True if the event is a record of the `log` crate, whose metadata are fields `log.*`.
    pub(super) is_log: bool,
}

impl<F: Fields> RecordVisitor<'_, F> {
    #[expect(clippy::inline_always, reason = "the kind of each value is then known where it is set")]
    #[inline(always)]
    fn set(&mut self, field: &Field, value: SourceValue<'_>) {
        let name = field.name();
        if name == "message" {
            self.fields.set(Place::Body, value);
        } else if !(self.is_log && name.starts_with("log.")) {
            self.fields.set(Place::Plain(name), value);
        }
    }
}

impl<F: Fields> Visit for RecordVisitor<'_, F> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, SourceValue::Formatted(format_args!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, SourceValue::Text(value));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.set(field, SourceValue::Bytes(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, SourceValue::Int(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        with_integer(value, |value| self.set(field, value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        with_integer(value, |value| self.set(field, value));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        with_integer(value, |value| self.set(field, value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, SourceValue::Double(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, SourceValue::Bool(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let message = display_lossy(value);
        self.fields.add_exception(&message);
        self.set(field, SourceValue::Text(&message));
    }
}
