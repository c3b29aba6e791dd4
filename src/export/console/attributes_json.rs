//! Attributes as JSON.

use opentelemetry::KeyValue;
use serde_json::{Map, Value};

use crate::format::{json::to_json, to_any_value};

/// Returns the JSON object of attributes.
pub(super) fn attributes_json<'k>(attributes: impl IntoIterator<Item = &'k KeyValue>) -> Value {
    let mut object = Map::new();
    for KeyValue { key, value, .. } in attributes {
        object.insert(key.as_str().to_owned(), to_json(&to_any_value(value)));
    }
    Value::Object(object)
}
