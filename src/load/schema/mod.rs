//! The JSON Schema of `autotelemetry.toml`, for editors and other tools.

mod definitions;
mod simplify;

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{autotel_env, otel_env};
use crate::config::{Config, key_path::KeyPath};

/// The name of the schema in the catalog that editors use.
const ID: &str = "https://json.schemastore.org/autotelemetry.json";

/// Returns the JSON Schema of `autotelemetry.toml`, in draft 7, which the TOML tools of editors
/// support.
///
/// In addition to the standard keywords it contains `x-secret` for values that are never printed,
/// and documentation of words for taplo (`x-taplo`) and `IntelliJ` (`x-intellij-enum-metadata`). At
/// the root, `x-env` lists the environment variables that set a key, the strongest last.
#[must_use]
pub fn schema() -> String {
    let (mut config, variables) = schema_of::<Config>();
    add_profiles(&mut config);
    definitions::share(&mut config);
    let mut root = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": ID,
        "title": "autotelemetry.toml",
        "description": "Configuration of the telemetry of a service.",
    });
    if let (Some(root), Value::Object(config)) = (root.as_object_mut(), config) {
        for (keyword, value) in config {
            root.entry(keyword).or_insert(value);
        }
        root.insert("x-env".to_owned(), variables.into());
    }
    format!("{root:#}\n")
}

/// Returns the schema of the keys of configuration `C`, and the variables that set each of them.
pub(super) fn schema_of<C: JsonSchema>() -> (Value, Map<String, Value>) {
    // Inlined, since equal parts are found afterwards, also those of different types.
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut root = settings.into_generator().into_root_schema_for::<C>().to_value();
    simplify::simplify(&mut root);
    let mut variables = Map::new();
    collect_variables(&root, &mut KeyPath::new(), &mut variables);
    (root, variables)
}

fn add_profiles(root: &mut Value) {
    let Some(properties) = root.get_mut("properties").and_then(Value::as_object_mut) else { return };
    let mut of_profile = properties.clone();
    of_profile.shift_remove("profile");
    let profiles = json!({
        "description": "Values that override others while the profile is selected. A profile may set every key except `profile` and `profiles`.",
        "type": "object",
        "additionalProperties": {
            "description": "Values that override others while this profile is selected.",
            "type": "object",
            "properties": of_profile,
            "additionalProperties": false,
        },
    });
    properties.insert("profiles".to_owned(), profiles);
}

/// Returns whether a schema is that of a table with known keys.
fn is_table(schema: &Value) -> bool {
    schema["type"] == "object" && schema["properties"].is_object()
}

/// Collects the variables of the keys below `path`. No variable sets a secret in a table of
/// secrets, or a key inside of a list.
fn collect_variables(schema: &Value, path: &mut KeyPath, variables: &mut Map<String, Value>) {
    for (key, property) in schema["properties"].as_object().into_iter().flatten().filter(|_| is_table(schema))
    {
        path.push(key.clone());
        collect_variables(property, path, variables);
        path.pop();
    }
    if path.is_empty() {
        return;
    }
    if schema["additionalProperties"].is_object() {
        // Its entries can have any name.
        path.push("NAME".to_owned());
        collect_variables(&schema["additionalProperties"], path, variables);
        path.pop();
    }
    if !is_table(schema) && !is_table(&schema["items"]) && schema.get("x-secret").is_none() {
        variables.insert(path.join("."), variables_that_set(path).into());
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
