//! The memory that queued items need.

use opentelemetry::{
    Array, InstrumentationScope, Key, KeyValue, Value,
    logs::AnyValue,
    trace::{Event, Link, Status},
};
use opentelemetry_sdk::{logs::SdkLogRecord, trace::SpanData};

/// A log record and the scope it was written under.
pub(crate) type ScopedRecord = (SdkLogRecord, InstrumentationScope);

/// An item whose memory is known.
pub(crate) trait ItemBytes {
    /// Returns the memory of the item in bytes: its own, and that of its texts and lists. Texts
    /// that are part of the program count too.
    fn bytes(&self) -> usize;
}

impl ItemBytes for SpanData {
    fn bytes(&self) -> usize {
        let description =
            if let Status::Error { description } = &self.status { description.len() } else { 0 };
        let events = self
            .events
            .events
            .iter()
            .map(|event| size_of::<Event>() + event.name.len() + attributes_bytes(&event.attributes));
        let links =
            self.links.links.iter().map(|link| size_of::<Link>() + attributes_bytes(&link.attributes));
        let lists = attributes_bytes(&self.attributes) + events.sum::<usize>() + links.sum::<usize>();
        size_of::<Self>() + self.name.len() + description + lists
    }
}

impl ItemBytes for ScopedRecord {
    fn bytes(&self) -> usize {
        let (record, _) = self;
        let attributes = record.attributes_iter().map(|(key, value)| key_bytes(key) + any_bytes(value));
        size_of::<Self>() + record.body().map_or(0, any_bytes) + attributes.sum::<usize>()
    }
}

fn attributes_bytes(attributes: &[KeyValue]) -> usize {
    attributes.iter().map(|KeyValue { key, value, .. }| key_bytes(key) + value_bytes(value)).sum()
}

fn key_bytes(key: &Key) -> usize {
    size_of::<Key>() + key.as_str().len()
}

fn value_bytes(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::String(text) => text.as_str().len(),
            Value::Array(array) => array_bytes(array),
            _ => 0,
        }
}

fn array_bytes(array: &Array) -> usize {
    match array {
        Array::Bool(values) => values.len(),
        Array::I64(values) => size_of_val(&**values),
        Array::F64(values) => size_of_val(&**values),
        Array::String(values) => {
            size_of_val(&**values) + values.iter().map(|text| text.as_str().len()).sum::<usize>()
        }
        _ => 0,
    }
}

/// The nesting of values is bounded by the limits of the pipeline.
fn any_bytes(value: &AnyValue) -> usize {
    size_of::<AnyValue>()
        + match value {
            AnyValue::String(text) => text.as_str().len(),
            AnyValue::Bytes(bytes) => bytes.len(),
            AnyValue::ListAny(values) => values.iter().map(any_bytes).sum(),
            AnyValue::Map(entries) => {
                entries.iter().map(|(key, value)| key_bytes(key) + any_bytes(value)).sum()
            }
            _ => 0,
        }
}
