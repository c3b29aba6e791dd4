//! Parts of the JSON Schema of values.
//!
//! A reference such as `${PORT}` may replace any value except a table, so each schema also allows a
//! string that contains one. Types and patterns are combined, because a message about an `anyOf`
//! does not name what is expected.

use std::ops::RangeInclusive;

use schemars::{Schema, json_schema};
use serde_json::{Map, Value, json};

use super::config_value::ConfigValue;

/// Matches a string that contains a reference.
const REFERENCE: &str = r"\$\{";

/// Returns the schema of a type that is written as text.
pub(crate) fn text<T: ConfigValue>() -> Schema {
    match (T::WORDS, T::PATTERN) {
        _ if T::SECRET => secret(),
        (Some(words), _) => json_schema!({
            "type": "string",
            // Editors propose these words. This accepts other texts as well.
            "anyOf": [proposed::<T>(words), true],
            "if": { "not": { "pattern": REFERENCE } },
            "then": { "enum": words },
        }),
        (None, Some(pattern)) => string_or_reference(pattern),
        (None, None) => json_schema!({ "type": "string" }),
    }
}

/// Returns the schema of a word of the library or a name of the program.
pub(crate) fn word_or_name<T: ConfigValue>(pattern: &str) -> Schema {
    let mut schema = string_or_reference(pattern);
    schema.insert("anyOf".to_owned(), json!([proposed::<T>(T::WORDS.unwrap_or_default()), true]));
    schema
}

/// Returns the words with their documentation, as taplo and `IntelliJ` read it.
fn proposed<T: ConfigValue>(words: &[&str]) -> Value {
    let docs: Vec<_> = T::WORD_DOCS.iter().map(|docs| docs.trim()).collect();
    let metadata: Map<_, _> = words
        .iter()
        .zip(&docs)
        .map(|(word, docs)| ((*word).to_owned(), json!({ "description": docs })))
        .collect();
    json!({
        "enum": words,
        "x-taplo": { "docs": { "enumValues": docs } },
        "x-intellij-enum-metadata": metadata,
    })
}

fn string_or_reference(pattern: &str) -> Schema {
    json_schema!({ "type": "string", "pattern": format!("{pattern}|{REFERENCE}") })
}

fn secret() -> Schema {
    json_schema!({
        "x-secret": true,
        "type": ["string", "object"],
        "properties": { "file": { "type": "string", "description": "A file that holds the value." } },
        "required": ["file"],
        "additionalProperties": false,
    })
}

/// Allows a reference instead of a value that is no string.
pub(crate) fn or_reference(schema: &mut Map<String, Value>) {
    let kind = schema.get("type").cloned().unwrap_or_default();
    schema.insert("type".to_owned(), json!([kind, "string"]));
    schema.insert("pattern".to_owned(), REFERENCE.into());
}

/// Returns the schema of an integer in `range`.
pub(crate) fn integer(range: &RangeInclusive<i64>) -> Schema {
    number("integer", range.start(), range.end())
}

/// Returns the schema of a number in `range`.
pub(crate) fn float(range: &RangeInclusive<f64>) -> Schema {
    number("number", range.start(), range.end())
}

fn number<N: serde::Serialize>(kind: &str, minimum: N, maximum: N) -> Schema {
    let mut schema = json_schema!({ "type": kind, "minimum": minimum, "maximum": maximum });
    or_reference(schema.ensure_object());
    schema
}

/// Returns the schema of a list.
pub(super) fn list(entry: &Schema) -> Schema {
    let mut schema = json_schema!({ "type": "array", "items": entry });
    or_reference(schema.ensure_object());
    schema
}
