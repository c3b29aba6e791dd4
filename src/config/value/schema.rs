//! Parts of the JSON Schema of values.
//!
//! A reference such as `${PORT}` may replace any value except a table, so each schema also allows a
//! string that contains one.

use std::ops::RangeInclusive;

use schemars::{Schema, json_schema};

use super::config_value::ConfigValue;

/// Matches a string that contains a reference.
const REFERENCE: &str = r"\$\{";

/// Returns the schema of a type that is written as text.
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

/// Allows a reference instead of the value.
pub(crate) fn or_reference(schema: &Schema) -> Schema {
    json_schema!({ "anyOf": [schema, { "type": "string", "pattern": REFERENCE }] })
}

/// Returns the schema of an integer in `range`.
pub(crate) fn integer(range: &RangeInclusive<i64>) -> Schema {
    or_reference(&json_schema!({ "type": "integer", "minimum": range.start(), "maximum": range.end() }))
}

/// Returns the schema of a list that may also be `["none"]`.
pub(super) fn list(entry: &Schema) -> Schema {
    or_reference(&json_schema!({ "anyOf": [
        { "type": "array", "items": entry },
        { "type": "array", "items": { "const": "none" } },
    ] }))
}
