//! The schema of samplers that are written as a name.

/// Allows a name in the place of a table without keys.
pub(super) fn allow_names(schema: &mut schemars::Schema) {
    if let Some(serde_json::Value::Array(choices)) = schema.get_mut("oneOf") {
        choices.push(serde_json::json!({ "type": "string", "enum": ["always_on", "always_off"] }));
    }
}
