//! Copies the fields of `tracing` events.

use std::{error::Error, fmt};

use opentelemetry::logs::{AnyValue, LogRecord as _};
use opentelemetry_sdk::logs::SdkLogRecord;
use tracing::field::{Field, Visit};

use super::value::{display_lossy, format_value, integer_value};
use crate::format::EXCEPTION_MESSAGE;

/// Copies the fields of an event into a record and keeps their types.
pub(super) struct RecordVisitor<'r> {
    pub(super) record: &'r mut SdkLogRecord,
    /// True if the event is a record of the `log` crate, whose metadata are fields `log.*`.
    pub(super) is_log: bool,
}

impl RecordVisitor<'_> {
    fn add(&mut self, field: &Field, value: impl Into<AnyValue>) {
        let name = field.name();
        if name == "message" {
            self.record.set_body(value.into());
        } else if !(self.is_log && name.starts_with("log.")) {
            self.record.add_attribute(name, value);
        }
    }
}

impl Visit for RecordVisitor<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format_value(format_args!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.to_owned());
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.add(field, AnyValue::Bytes(Box::new(value.to_owned())));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, integer_value(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.add(field, integer_value(value));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.add(field, integer_value(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let message = display_lossy(value);
        self.record.add_attribute(EXCEPTION_MESSAGE, message.clone());
        self.add(field, message);
    }
}
