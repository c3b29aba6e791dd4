//! Equal parts of a schema, which become one definition.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

/// Shorter schemas are repeated, since a reference would not be shorter.
const MIN_LENGTH: usize = 120;

/// Moves the schemas of keys that occur more than once to the definitions.
pub(super) fn share(root: &mut Value) {
    let mut counts = HashMap::new();
    count(root, &mut counts);
    counts.retain(|_, count| *count > 1);
    let mut shared = Shared { counts, names: HashMap::new(), definitions: Map::new() };
    shared.replace_below(root, "");
    if let Some(root) = root.as_object_mut() {
        // The schemas that contain themselves have definitions already.
        let own = root.shift_remove("definitions");
        let own = own.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
        let sorted: BTreeMap<_, _> = own.into_iter().chain(shared.definitions).collect();
        root.insert("definitions".to_owned(), json!(sorted));
    }
}

struct Shared {
    /// The number of each schema that is repeated, by its text.
    counts: HashMap<String, usize>,
    /// The names of those that have a definition.
    names: HashMap<String, String>,
    definitions: Map<String, Value>,
}

impl Shared {
    /// Replaces the schemas below the one at `path`.
    fn replace_below(&mut self, schema: &mut Value, path: &str) {
        for (name, child) in children(schema) {
            let path = if path.is_empty() { name } else { format!("{path}.{name}") };
            self.replace(child, &path);
        }
    }

    fn replace(&mut self, schema: &mut Value, path: &str) {
        let text = schema.to_string();
        if !self.counts.contains_key(&text) {
            return self.replace_below(schema, path);
        }
        let name = if let Some(name) = self.names.get(&text) {
            name.clone()
        } else {
            // The first place names it.
            self.names.insert(text, path.to_owned());
            let mut definition = schema.clone();
            self.replace_below(&mut definition, path);
            self.definitions.insert(path.to_owned(), definition);
            path.to_owned()
        };
        *schema = json!({ "$ref": format!("#/definitions/{name}") });
    }
}

/// Counts the schemas below one. What equal schemas contain counts once.
fn count(schema: &mut Value, counts: &mut HashMap<String, usize>) {
    for (_, child) in children(schema) {
        let text = child.to_string();
        let count_of = if text.len() < MIN_LENGTH { &mut 0 } else { counts.entry(text).or_default() };
        *count_of += 1;
        if *count_of == 1 {
            count(child, counts);
        }
    }
}

/// Returns the schemas of the keys of a table and of the entries of a map or list, with names.
fn children(schema: &mut Value) -> Vec<(String, &mut Value)> {
    let mut children = Vec::new();
    for (keyword, schema) in schema.as_object_mut().into_iter().flatten() {
        match keyword.as_str() {
            "properties" | "definitions" => {
                let keys = schema.as_object_mut().into_iter().flatten();
                children.extend(keys.map(|(key, schema)| (key.clone(), schema)));
            }
            "additionalProperties" if schema.is_object() => children.push(("NAME".to_owned(), schema)),
            "items" if schema.is_object() => children.push(("ENTRY".to_owned(), schema)),
            _ => {}
        }
    }
    children
}
