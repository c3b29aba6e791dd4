//! Fields of `tracing` whose values are formatted.

use std::{error::Error, fmt};

use tracing::field::{DisplayValue, Field, FieldSet, Value, ValueSet, Visit, display};

use super::{
    exception::sources,
    value::{display_lossy, format_text},
};

/// The values of a span or an event, each formatted once.
///
/// `tracing-opentelemetry` formats values under its locks and panics on their errors. It gets these
/// copies, whose formatting cannot fail.
pub(super) struct FormattedFields {
    /// The values in the order of the fields.
    values: Vec<Option<FieldValue>>,
}

/// A value with the type with which the program recorded it.
enum FieldValue {
    Bool(bool),
    I64(i64),
    U64(u64),
    I128(i128),
    U128(u128),
    F64(f64),
    Str(String),
    Bytes(Box<[u8]>),
    Formatted(DisplayValue<String>),
    Error(Box<dyn Error>),
}

impl FormattedFields {
    /// Formats the values that `record` visits. Returns `None` if no value needs it.
    pub(super) fn new(fields: &FieldSet, record: impl Fn(&mut dyn Visit)) -> Option<Self> {
        let mut detector = Detector { needs_formatting: false };
        record(&mut detector);
        detector.needs_formatting.then(|| {
            let mut values = Vec::new();
            values.resize_with(fields.len(), || None);
            let mut formatted = Self { values };
            record(&mut formatted);
            formatted
        })
    }

    /// Passes the values to `read`. `fields` are those that the values were created with.
    pub(super) fn read<T>(&self, fields: &FieldSet, read: impl FnOnce(&ValueSet<'_>) -> T) -> T {
        let values: Vec<_> =
            self.values.iter().map(|value| value.as_ref().map(FieldValue::as_value)).collect();
        read(&fields.value_set_all(&values))
    }

    fn set(&mut self, field: &Field, value: FieldValue) {
        if let Some(slot) = self.values.get_mut(field.index()) {
            *slot = Some(value);
        }
    }
}

impl FieldValue {
    fn as_value(&self) -> &dyn Value {
        match self {
            Self::Bool(value) => value,
            Self::I64(value) => value,
            Self::U64(value) => value,
            Self::I128(value) => value,
            Self::U128(value) => value,
            Self::F64(value) => value,
            Self::Str(value) => value,
            Self::Bytes(value) => value,
            Self::Formatted(value) => value,
            Self::Error(value) => value,
        }
    }
}

impl Visit for FormattedFields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, FieldValue::Formatted(display(format_text(format_args!("{value:?}")))));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, FieldValue::Str(value.to_owned()));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.set(field, FieldValue::Bytes(value.into()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, FieldValue::I64(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, FieldValue::U64(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.set(field, FieldValue::I128(value));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.set(field, FieldValue::U128(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, FieldValue::F64(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, FieldValue::Bool(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.set(field, FieldValue::Error(Box::new(FormattedError::new(value))));
    }
}

/// The texts of an error and its sources.
#[derive(Debug)]
struct FormattedError {
    text: String,
    source: Option<Box<FormattedError>>,
}

impl FormattedError {
    fn new(error: &(dyn Error + 'static)) -> Self {
        let texts: Vec<_> = sources(error).map(display_lossy).collect();
        let nest = |source, text| Some(Box::new(Self { text, source }));
        Self { text: display_lossy(error), source: texts.into_iter().rev().fold(None, nest) }
    }
}

impl fmt::Display for FormattedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for FormattedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Detects values with an implementation of the program.
struct Detector {
    needs_formatting: bool,
}

impl Visit for Detector {
    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {
        self.needs_formatting = true;
    }

    fn record_error(&mut self, _: &Field, _: &(dyn Error + 'static)) {
        self.needs_formatting = true;
    }

    fn record_str(&mut self, _: &Field, _: &str) {}

    fn record_bytes(&mut self, _: &Field, _: &[u8]) {}

    fn record_i64(&mut self, _: &Field, _: i64) {}

    fn record_u64(&mut self, _: &Field, _: u64) {}

    fn record_i128(&mut self, _: &Field, _: i128) {}

    fn record_u128(&mut self, _: &Field, _: u128) {}

    fn record_f64(&mut self, _: &Field, _: f64) {}

    fn record_bool(&mut self, _: &Field, _: bool) {}
}
