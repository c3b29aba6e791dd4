//! The JSON Schema of `autotelemetry.toml`, for editors and other tools.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::variables_that_set;
use crate::config::{Config, key_path::KeyPath};

/// The JSON Schema (draft 7, which the editors' TOML tools read) of `autotelemetry.toml`.
///
/// Beside the standard words it holds `x-env`, the environment variables that set a key, and `x-secret` for values that are
/// never printed.
#[must_use]
pub fn schema() -> String {
    // Everything in place instead of by reference: the variables of a key depend on where it stands.
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut root = settings.into_generator().into_root_schema_for::<Config>().to_value();
    annotate(&mut root, &mut KeyPath::new());
    if let Some(root) = root.as_object_mut() {
        root.insert("title".to_owned(), "autotelemetry.toml".into());
        root.insert(
            "description".to_owned(),
            "The telemetry of a service: what is produced and where it goes.".into(),
        );
        add_profiles(root);
    }
    format!("{root:#}\n")
}

fn add_profiles(root: &mut Map<String, Value>) {
    let Some(Value::Object(properties)) = root.get("properties") else { return };
    let mut of_profile = properties.clone();
    of_profile.shift_remove("profile");
    let profiles = json!({
        "description": "Values that replace others in one environment. A profile may set every key but `profile` and `profiles`.",
        "type": "object",
        "additionalProperties": { "type": "object", "properties": of_profile, "additionalProperties": false },
    });
    if let Some(Value::Object(properties)) = root.get_mut("properties") {
        properties.insert("profiles".to_owned(), profiles);
    }
}

/// Completes the schema of what stands at `path`.
fn annotate(schema: &mut Value, path: &mut KeyPath) {
    let Some(schema) = schema.as_object_mut() else { return };
    without_null(schema);
    for (key, property) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        path.push(key.clone());
        annotate(property, path);
        path.pop();
    }
    if path.is_empty() {
        return;
    }
    if schema.get("additionalProperties").is_some_and(Value::is_object) {
        // Below it the names are the user's.
        path.push("NAME".to_owned());
        annotate(&mut schema["additionalProperties"], path);
        path.pop();
    }
    if schema.contains_key("properties") {
        // The defaults of a table stand at its keys.
        schema.shift_remove("default");
        return;
    }
    if schema.get("type").is_some_and(|kind| kind == "boolean") {
        schema.shift_remove("type");
        let choices = json!([{ "type": "boolean" }, { "type": "string", "pattern": r"\$\{" }]);
        schema.insert("anyOf".to_owned(), choices);
    }
    if !schema.contains_key("x-secret") {
        schema.insert("x-env".to_owned(), variables_that_set(path).into());
    }
}

/// TOML has no null; a key that may be absent simply is.
fn without_null(schema: &mut Map<String, Value>) {
    if schema.get("default").is_some_and(Value::is_null) {
        schema.shift_remove("default");
    }
    if let Some(Value::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [kind] = kinds.as_slice() {
            let kind = kind.clone();
            schema.insert("type".to_owned(), kind);
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| choice != &json!({ "type": "null" }));
        // One choice is none: its words take the place of the list.
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            schema.shift_remove("anyOf");
            schema.extend(only);
        }
    }
}
