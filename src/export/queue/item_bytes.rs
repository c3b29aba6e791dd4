//! The memory that queued items need.
//!
//! It is computed on the thread of the program for each item. Usual values therefore need no call.

use std::sync::Arc;

use opentelemetry::{
    Array, InstrumentationScope, Key, KeyValue, Value,
    logs::AnyValue,
    trace::{Event, Link, Status},
};
use opentelemetry_sdk::{logs::SdkLogRecord, trace::SpanData};

/// A log record and the scope it was written under.
pub(crate) type ScopedRecord = (SdkLogRecord, Arc<InstrumentationScope>);

/// An item whose memory is known.
pub(super) trait ItemBytes {
    /// Returns the memory of the item in bytes: its own, and that of its texts and lists. Texts
    /// that are part of the program count too.
    fn bytes(&self) -> usize;
}

impl ItemBytes for SpanData {
    #[inline]
    fn bytes(&self) -> usize {
        let own = size_of::<Self>() + self.name.len() + attributes_bytes(&self.attributes);
        let is_plain = self.events.is_empty() && self.links.is_empty() && self.status == Status::Unset;
        if is_plain { own } else { own + added_bytes(self) }
    }
}

/// Returns the memory of what few spans have.
#[inline(never)]
fn added_bytes(span: &SpanData) -> usize {
    let description = if let Status::Error { description } = &span.status { description.len() } else { 0 };
    let event_bytes =
        |event: &Event| size_of::<Event>() + event.name.len() + attributes_bytes(&event.attributes);
    let link_bytes = |link: &Link| size_of::<Link>() + attributes_bytes(&link.attributes);
    description
        + span.events.iter().map(event_bytes).sum::<usize>()
        + span.links.iter().map(link_bytes).sum::<usize>()
}

impl ItemBytes for SdkLogRecord {
    #[inline]
    fn bytes(&self) -> usize {
        let attributes = self.attributes_iter().map(|(key, value)| key_bytes(key) + any_bytes(value));
        // With the scope, which items share.
        size_of::<ScopedRecord>() + self.body().map_or(0, any_bytes) + attributes.sum::<usize>()
    }
}

#[inline]
fn attributes_bytes(attributes: &[KeyValue]) -> usize {
    attributes.iter().map(|KeyValue { key, value, .. }| key_bytes(key) + value_bytes(value)).sum()
}

#[inline]
fn key_bytes(key: &Key) -> usize {
    size_of::<Key>() + key.as_str().len()
}

#[inline]
fn value_bytes(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::String(text) => text.as_str().len(),
            Value::Array(array) => array_bytes(array),
            _ => 0,
        }
}

#[inline(never)]
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

#[inline]
fn any_bytes(value: &AnyValue) -> usize {
    size_of::<AnyValue>()
        + match value {
            AnyValue::String(text) => text.as_str().len(),
            AnyValue::Bytes(bytes) => bytes.len(),
            AnyValue::ListAny(_) | AnyValue::Map(_) => nested_bytes(value),
            _ => 0,
        }
}

/// The nesting of values is bounded by the limits of the pipeline.
#[inline(never)]
fn nested_bytes(value: &AnyValue) -> usize {
    match value {
        AnyValue::ListAny(values) => values.iter().map(any_bytes).sum(),
        AnyValue::Map(entries) => entries.iter().map(|(key, value)| key_bytes(key) + any_bytes(value)).sum(),
        _ => 0,
    }
}
