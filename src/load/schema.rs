//! The JSON Schema of `autotelemetry.toml`, for editors and other tools.

use schemars::{JsonSchema, generate::SchemaSettings, json_schema};
use serde_json::{Map, Value, json};

use super::{autotel_env, otel_env};
use crate::config::{Config, key_path::KeyPath, value::schema::or_reference};

/// Returns the JSON Schema of `autotelemetry.toml`, in draft 7, which the TOML tools of editors
/// support.
///
/// In addition to the standard keywords it contains `x-env`, the environment variables that set a
/// key, and `x-secret` for values that are never printed.
#[must_use]
pub fn schema() -> String {
    let mut root = schema_of::<Config>();
    if let Some(root) = root.as_object_mut() {
        root.insert("title".to_owned(), "autotelemetry.toml".into());
        root.insert("description".to_owned(), "Configuration of the telemetry of a service.".into());
        add_profiles(root);
    }
    format!("{root:#}\n")
}

/// Returns the schema of the keys of configuration `C`.
pub(super) fn schema_of<C: JsonSchema>() -> Value {
    // Inlined instead of by reference, since the variables of a key depend on its path.
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut root = settings.into_generator().into_root_schema_for::<C>().to_value();
    without_nulls(&mut root);
    annotate(&mut root, &mut KeyPath::new(), false);
    root
}

fn add_profiles(root: &mut Map<String, Value>) {
    let Some(Value::Object(properties)) = root.get("properties") else { return };
    let mut of_profile = properties.clone();
    of_profile.shift_remove("profile");
    let profiles = json!({
        "description": "Values that override others while the profile is selected. A profile may set every key except `profile` and `profiles`.",
        "type": "object",
        "additionalProperties": { "type": "object", "properties": of_profile, "additionalProperties": false },
    });
    if let Some(Value::Object(properties)) = root.get_mut("properties") {
        properties.insert("profiles".to_owned(), profiles);
    }
}

/// Completes the schema of the value at `path`. A variable can set it, unless it is inside a list.
fn annotate(schema: &mut Value, path: &mut KeyPath, inside_list: bool) {
    let Some(schema) = schema.as_object_mut() else { return };
    for (key, property) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        path.push(key.clone());
        annotate(property, path, inside_list);
        path.pop();
    }
    if path.is_empty() {
        return;
    }
    if schema.get("additionalProperties").is_some_and(Value::is_object) {
        // Its entries can have any name.
        path.push("NAME".to_owned());
        annotate(&mut schema["additionalProperties"], path, inside_list);
        path.pop();
    }
    if schema.contains_key("properties") {
        // The defaults of a table are those of its keys.
        schema.shift_remove("default");
        return;
    }
    if schema.get("items").is_some_and(|items| items.get("properties").is_some()) {
        // No reference or variable can replace a list of tables.
        return annotate(&mut schema["items"], path, true);
    }
    if schema.get("type").is_some_and(|kind| kind == "boolean") {
        schema.shift_remove("type");
        schema.append(or_reference(&json_schema!({ "type": "boolean" })).ensure_object());
    }
    if !inside_list && !schema.contains_key("x-secret") {
        schema.insert("x-env".to_owned(), variables_that_set(path).into());
    }
}

/// Returns the variables that set the key at `path`, the strongest last.
fn variables_that_set(path: &[String]) -> Vec<String> {
    let key = path.join(".");
    let standard = otel_env::variables_that_set(&key).map(str::to_owned);
    // The selection of the profile has its own variable.
    let own = if path == ["profile"] { "AUTOTEL_PROFILE".to_owned() } else { autotel_env::name(path) };
    standard.chain([own]).collect()
}

/// Removes null from the accepted values of a schema and all schemas in it.
fn without_nulls(schema: &mut Value) {
    match schema {
        Value::Object(schema) => {
            without_null(schema);
            schema.values_mut().for_each(without_nulls);
        }
        Value::Array(schemas) => schemas.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

/// Removes null from the accepted values, since TOML has none.
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
        // A list with a single choice is replaced by its content.
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            schema.shift_remove("anyOf");
            schema.extend(only);
        }
    }
}
