//! Parts of generated schemas that TOML does not have, or that lead to vague messages.

use serde_json::{Map, Value, json};

use crate::config::value::schema::or_reference;

/// Simplifies a schema and all schemas in it.
pub(super) fn simplify(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            without_null(map);
            merge_variants(map);
            describe_reference(map);
            map.values_mut().for_each(simplify);
            if map.contains_key("properties") && map.get("type").is_some_and(|kind| kind == "object") {
                // The defaults of a table are those of its keys.
                map.shift_remove("default");
            }
            if map.get("type").is_some_and(|kind| kind == "boolean") {
                or_reference(map);
            }
        }
        Value::Array(schemas) => schemas.iter_mut().for_each(simplify),
        _ => {}
    }
}

/// Replaces the choice between words and tables with a single key by a word or a table that has one
/// of these keys. Messages then name the wrong key, and the documentation of a variant is that of
/// its key.
fn merge_variants(schema: &mut Map<String, Value>) {
    let Some(variants) = schema.get("oneOf").and_then(Value::as_array) else { return };
    let mut properties = Map::new();
    let mut words = None;
    for variant in variants {
        if let Some(choice) = variant.get("enum") {
            words = Some(choice.clone());
            continue;
        }
        for (key, property) in variant["properties"].as_object().into_iter().flatten() {
            let mut property = property.clone();
            // Keywords beside a reference would be ignored.
            if let Some(property) = property.as_object_mut().filter(|it| !it.contains_key("$ref")) {
                property
                    .extend(variant.get("description").map(|text| ("description".to_owned(), text.clone())));
            }
            properties.insert(key.clone(), property);
        }
    }
    schema.shift_remove("oneOf");
    let keywords = json!({
        "type": ["object", "string"],
        "properties": properties,
        "additionalProperties": false,
        "minProperties": 1,
        "maxProperties": 1,
    });
    schema.extend(keywords.as_object().cloned().into_iter().flatten());
    if let Some(words) = words {
        schema.insert("anyOf".to_owned(), json!([{ "enum": words }, true]));
        schema.insert("if".to_owned(), json!({ "type": "string" }));
        schema.insert("then".to_owned(), json!({ "enum": words }));
    }
}

/// Keeps the description of a key whose value has a definition: taplo ignores what is beside
/// `allOf`. It reads `anyOf`, and validates by `then`.
fn describe_reference(schema: &mut Map<String, Value>) {
    let Some(Value::Array(all)) = schema.get("allOf") else { return };
    if let [reference] = all.as_slice() {
        let reference = reference.clone();
        schema.shift_remove("allOf");
        schema.insert("anyOf".to_owned(), json!([reference, true]));
        schema.insert("if".to_owned(), json!(true));
        schema.insert("then".to_owned(), reference);
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
