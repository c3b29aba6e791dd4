//! The JSON Schema of the values that serde cannot describe.
//!
//! A reference such as `${PORT}` may stand for any value but a table, so each schema allows a text that holds one.

use std::{borrow::Cow, ops::RangeInclusive};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{
    ConfigValue,
    attribute::AttributeValue,
    duration::{AtLeast, Interval},
    list::List,
    number::SamplingRatio,
};

/// What a reference looks like.
const REFERENCE: &str = r"\$\{";

/// The schema of a type that is written as text.
pub(crate) fn text<T: ConfigValue>() -> Schema {
    match (T::WORDS, T::PATTERN) {
        _ if T::SECRET => secret(),
        (Some(words), _) => or_reference(&json_schema!({ "type": "string", "enum": words })),
        (None, Some(pattern)) => or_reference(&json_schema!({ "type": "string", "pattern": pattern })),
        (None, None) => json_schema!({ "type": "string" }),
    }
}

fn secret() -> Schema {
    json_schema!({
        "x-secret": true,
        "anyOf": [
            { "type": "string" },
            {
                "type": "object",
                "properties": { "file": { "type": "string", "description": "A file that holds the value." } },
                "required": ["file"],
                "additionalProperties": false,
            },
        ],
    })
}

/// Allows a reference in the place of a value.
pub(crate) fn or_reference(schema: &Schema) -> Schema {
    json_schema!({ "anyOf": [schema, { "type": "string", "pattern": REFERENCE }] })
}

/// Returns the schema of a whole number in `range`.
pub(crate) fn whole_number(range: &RangeInclusive<i64>) -> Schema {
    or_reference(&json_schema!({ "type": "integer", "minimum": range.start(), "maximum": range.end() }))
}

impl JsonSchema for Interval {
    fn schema_name() -> Cow<'static, str> {
        "Interval".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        text::<AtLeast<0>>()
    }
}

impl JsonSchema for SamplingRatio {
    fn schema_name() -> Cow<'static, str> {
        "SamplingRatio".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        or_reference(&json_schema!({ "type": "number", "minimum": 0, "maximum": 1 }))
    }
}

impl<T: JsonSchema> JsonSchema for List<T> {
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
