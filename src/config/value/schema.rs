//! The JSON Schema of the values that serde cannot describe.
//!
//! A reference such as `${PORT}` may stand for any value but a table, so each schema allows a text that holds one.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::ConfigValue;
use crate::config::{AttributeValue, Bounded, SamplingRatio, Selection};

/// What a reference looks like.
const REFERENCE: &str = r"\$\{";

/// The schema of a type that is written as text.
pub(crate) fn text<T: ConfigValue>() -> Schema {
    let plain = match (T::WORDS, T::PATTERN) {
        (Some(words), _) => json_schema!({ "type": "string", "enum": words }),
        (None, Some(pattern)) => json_schema!({ "type": "string", "pattern": pattern }),
        (None, None) => return json_schema!({ "type": "string" }),
    };
    or_reference(&plain)
}

fn or_reference(schema: &Schema) -> Schema {
    json_schema!({ "anyOf": [schema, { "type": "string", "pattern": REFERENCE }] })
}

impl<const MIN: u32, const MAX: u32> JsonSchema for Bounded<MIN, MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("From{MIN}To{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        or_reference(&json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX }))
    }
}

impl JsonSchema for SamplingRatio {
    fn schema_name() -> Cow<'static, str> {
        "Ratio".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        or_reference(&json_schema!({ "type": "number", "minimum": 0, "maximum": 1 }))
    }
}

impl<T: JsonSchema> JsonSchema for Selection<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("ListOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let entry = T::json_schema(generator);
        let none = json_schema!({ "const": "none" });
        or_reference(&json_schema!({ "anyOf": [
            { "type": "array", "items": entry },
            { "type": "array", "items": none },
        ] }))
    }
}

impl JsonSchema for AttributeValue {
    fn schema_name() -> Cow<'static, str> {
        "AttributeValue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": ["string", "boolean", "integer", "number"] },
            { "type": "array", "items": { "type": "string" } },
            { "type": "array", "items": { "type": "boolean" } },
            { "type": "array", "items": { "type": "number" } },
        ] })
    }
}
