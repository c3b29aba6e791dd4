//! Copies body and attributes into a record.

use opentelemetry::logs::{AnyValue, LogRecord as _};
use opentelemetry_sdk::logs::SdkLogRecord;

use super::{
    record_source::{Fields, Place, SourceValue},
    value::format_value,
};
use crate::format::{EXCEPTION_MESSAGE, to_any_value};

/// Copies the fields into a record.
pub(super) struct RecordFields<'r> {
    record: &'r mut SdkLogRecord,
    /// Of several messages, the last one counts.
    exception: Option<String>,
}

impl<'r> RecordFields<'r> {
    #[inline]
    pub(super) fn new(record: &'r mut SdkLogRecord) -> Self {
        Self { record, exception: None }
    }

    /// Must be called after the last field.
    #[inline]
    pub(super) fn end(self) {
        if let Some(message) = self.exception {
            self.record.add_attribute(EXCEPTION_MESSAGE, message);
        }
    }
}

impl Fields for RecordFields<'_> {
    #[expect(clippy::inline_always, reason = "the kind of each value is then known where it is set")]
    #[inline(always)]
    fn set(&mut self, place: Place<'_>, value: SourceValue<'_>) {
        let value = match value {
            SourceValue::Static(text) => text.into(),
            SourceValue::Text(text) => text.to_owned().into(),
            SourceValue::Formatted(arguments) => format_value(arguments),
            SourceValue::Int(number) => number.into(),
            SourceValue::Double(number) => number.into(),
            SourceValue::Bool(boolean) => boolean.into(),
            SourceValue::Bytes(bytes) => AnyValue::Bytes(Box::new(bytes.to_owned())),
            SourceValue::Attribute(value) => to_any_value(value),
            SourceValue::Any(value) => value,
        };
        match place {
            Place::Body => self.record.set_body(value),
            Place::Static(key) | Place::Plain(key) => self.record.add_attribute(key, value),
            Place::Text(key) => self.record.add_attribute(key.to_owned(), value),
            Place::Key(key) => self.record.add_attribute(key.clone(), value),
        }
    }

    fn add_exception(&mut self, message: &str) {
        self.exception = Some(message.to_owned());
    }
}
