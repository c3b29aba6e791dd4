//! Attributes and their values: `KeyValue` and `AnyValue`.

use opentelemetry::{Array, Key, KeyValue, Value, logs::AnyValue};

use super::writer::{Field, PartName, Writer};

const KEY: Field = Field::new(1, "key");
const VALUE: Field = Field::new(2, "value");

const STRING: Field = Field::new(1, "stringValue");
const BOOL: Field = Field::new(2, "boolValue");
const INT: Field = Field::new(3, "intValue");
const DOUBLE: Field = Field::new(4, "doubleValue");
const ARRAY: Field = Field::new(5, "arrayValue");
const MAP: Field = Field::new(6, "kvlistValue");
const BYTES: Field = Field::new(7, "bytesValue");
/// The field of `ArrayValue` and of `KeyValueList`.
const VALUES: Field = Field::new(1, "values");

/// The kind of an attribute.
#[derive(Debug, Clone, Copy)]
pub(super) struct AttributeKind {
    /// The name in messages.
    name: &'static str,
    /// The attribute identifies what the item describes, so its value must not change.
    is_identity: bool,
}

pub(super) const RESOURCE: AttributeKind =
    AttributeKind { name: "the resource attribute", is_identity: true };
pub(super) const SCOPE: AttributeKind = AttributeKind { name: "the scope attribute", is_identity: true };
pub(super) const DATA_POINT: AttributeKind = AttributeKind { name: "the attribute", is_identity: true };
/// An attribute of a span or of a log record.
pub(super) const ITEM: AttributeKind = AttributeKind { name: "the attribute", is_identity: false };
pub(super) const EVENT: AttributeKind = AttributeKind { name: "the event attribute", is_identity: false };
pub(super) const LINK: AttributeKind = AttributeKind { name: "the link attribute", is_identity: false };
/// The body of a log record.
pub(super) const BODY: AttributeKind = AttributeKind { name: "the body", is_identity: false };

/// Writes a list of attributes.
#[inline]
pub(super) fn write_attributes<'a, W: Writer>(
    w: &mut W,
    field: Field,
    kind: AttributeKind,
    attributes: impl IntoIterator<Item = &'a KeyValue>,
) {
    w.list_if_any(field, attributes, |w, KeyValue { key, value, .. }| {
        write_key(w, kind, key);
        w.message(VALUE, |w| write_value(w, kind, value));
    });
}

/// Writes the attributes of a resource.
pub(super) fn write_pairs<'a, W: Writer>(
    w: &mut W,
    field: Field,
    kind: AttributeKind,
    attributes: impl IntoIterator<Item = (&'a Key, &'a Value)>,
) {
    w.list_if_any(field, attributes, |w, (key, value)| {
        write_key(w, kind, key);
        w.message(VALUE, |w| write_value(w, kind, value));
    });
}

/// Writes the attributes of a log record.
#[inline]
pub(super) fn write_any_attributes<'a, W: Writer>(
    w: &mut W,
    field: Field,
    attributes: impl IntoIterator<Item = &'a (Key, AnyValue)>,
) {
    w.list_if_any(field, attributes, |w, (key, value)| {
        write_key(w, ITEM, key);
        w.message(VALUE, |w| write_any(w, ITEM, value));
    });
}

#[inline]
fn write_key<W: Writer>(w: &mut W, kind: AttributeKind, key: &Key) {
    w.part(PartName::Single("the key of an attribute"));
    w.string(KEY, key.as_str());
    w.part(PartName::Attribute(kind.name, key.as_str()));
}

/// Writes the fields of an `AnyValue`.
#[inline]
fn write_value<W: Writer>(w: &mut W, kind: AttributeKind, value: &Value) {
    match value {
        Value::String(text) => write_string(w, kind, text.as_str()),
        Value::I64(number) => w.int64(INT, *number),
        Value::Bool(value) => w.bool(BOOL, *value),
        Value::F64(number) => w.double(DOUBLE, *number),
        Value::Array(array) => write_array(w, kind, array),
        // The type may get new kinds.
        other => write_string(w, kind, &other.as_str()),
    }
}

#[inline]
fn write_string<W: Writer>(w: &mut W, kind: AttributeKind, text: &str) {
    if kind.is_identity {
        w.string(STRING, text);
    } else {
        w.text(STRING, text);
    }
}

#[inline(never)]
fn write_array<W: Writer>(w: &mut W, kind: AttributeKind, array: &Array) {
    w.message(ARRAY, |w| match array {
        Array::Bool(values) => w.list(VALUES, values, |w, value| w.bool(BOOL, *value)),
        Array::I64(values) => w.list(VALUES, values, |w, value| w.int64(INT, *value)),
        Array::F64(values) => w.list(VALUES, values, |w, value| w.double(DOUBLE, *value)),
        Array::String(values) => w.list(VALUES, values, |w, value| write_string(w, kind, value.as_str())),
        // The type may get new kinds.
        other => w.list(VALUES, [other.to_string()], |w, text| write_string(w, kind, &text)),
    });
}

/// Writes the fields of an `AnyValue` from a value of a log record.
#[inline]
pub(super) fn write_any<W: Writer>(w: &mut W, kind: AttributeKind, value: &AnyValue) {
    match value {
        AnyValue::String(text) => write_string(w, kind, text.as_str()),
        AnyValue::Int(number) => w.int64(INT, *number),
        AnyValue::Boolean(value) => w.bool(BOOL, *value),
        AnyValue::Double(number) => w.double(DOUBLE, *number),
        other => write_composite(w, kind, other),
    }
}

/// Writes a value that may contain others. Limits of the pipeline bound the depth.
#[inline(never)]
fn write_composite<W: Writer>(w: &mut W, kind: AttributeKind, value: &AnyValue) {
    match value {
        AnyValue::Bytes(bytes) if kind.is_identity => w.bytes(BYTES, bytes),
        AnyValue::Bytes(bytes) => w.shortened_bytes(BYTES, bytes),
        AnyValue::ListAny(values) => w.message(ARRAY, |w| {
            w.list(VALUES, values.iter(), |w, value| write_any(w, kind, value));
        }),
        AnyValue::Map(entries) => w.message(MAP, |w| {
            w.list(VALUES, entries.iter(), |w, (key, value)| {
                w.string(KEY, key.as_str());
                w.message(VALUE, |w| write_any(w, kind, value));
            });
        }),
        // The type may get new kinds.
        other => write_string(w, kind, &format!("{other:?}")),
    }
}
