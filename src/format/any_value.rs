//! Conversion of attribute values into the values of log records.

use opentelemetry::{Array, Value, logs::AnyValue};

/// Returns the value of an attribute in the type that log records hold.
pub(crate) fn to_any_value(value: &Value) -> AnyValue {
    match value {
        Value::Bool(boolean) => (*boolean).into(),
        Value::I64(number) => (*number).into(),
        Value::F64(number) => (*number).into(),
        Value::String(text) => text.clone().into(),
        Value::Array(Array::Bool(items)) => items.iter().copied().collect(),
        Value::Array(Array::I64(items)) => items.iter().copied().collect(),
        Value::Array(Array::F64(items)) => items.iter().copied().collect(),
        Value::Array(Array::String(items)) => items.iter().cloned().collect(),
        // Both enums are non-exhaustive; a future variant is still readable as text.
        other => other.to_string().into(),
    }
}
