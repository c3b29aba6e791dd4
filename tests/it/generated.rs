//! The files that are generated from the types of the configuration.
#![cfg(feature = "schema")]

use std::{fmt::Write as _, path::Path};

use serde_json::{Map, Value};
use test_support::{golden, with_file};

/// Returns the schema with its definitions in the places of the references, and with the variables
/// at their keys.
fn schema() -> Value {
    let root: Value = serde_json::from_str(&autotelemetry::schema()).unwrap();
    let mut schema = root.clone();
    resolve(&mut schema["properties"], &root, &mut Vec::new());
    for (key, variables) in root["x-env"].as_object().unwrap() {
        let table = key.split('.').try_fold(&mut schema, |table, name| {
            let property = table.pointer(&format!("/properties/{name}")).is_some();
            table.pointer_mut(&if property {
                format!("/properties/{name}")
            } else {
                "/additionalProperties".to_owned()
            })
        });
        table.unwrap_or_else(|| panic!("{key}"))["x-env"] = variables.clone();
    }
    schema
}

/// Resolves the references in a schema, except in a definition that contains itself.
fn resolve(schema: &mut Value, root: &Value, inside: &mut Vec<String>) {
    let reference = schema.get("$ref").and_then(Value::as_str).map(str::to_owned);
    if let Some(reference) = reference {
        if !inside.contains(&reference) {
            let definition = root.pointer(reference.strip_prefix('#').unwrap());
            *schema = definition.unwrap_or_else(|| panic!("{reference}")).clone();
            inside.push(reference);
            resolve(schema, root, inside);
            inside.pop();
        }
        return;
    }
    match schema {
        Value::Object(map) => map.values_mut().for_each(|schema| resolve(schema, root, inside)),
        Value::Array(schemas) => schemas.iter_mut().for_each(|schema| resolve(schema, root, inside)),
        _ => {}
    }
}

/// Returns the keys of a table; `None` for values that may also be tables.
fn properties(table: &Value) -> Option<&Map<String, Value>> {
    table.get("properties").filter(|_| table["type"] == "object")?.as_object()
}

/// Asserts that a file is current.
fn is_current(path: &str, expected: &str) {
    golden::assert_current(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path), expected);
}

#[test]
fn schema_file_is_current() {
    is_current("schema/autotelemetry.schema.json", &autotelemetry::schema());
}

#[test]
fn each_key_has_a_description() {
    fn check(path: &str, schema: &Value) {
        let description = schema["description"].as_str().unwrap_or_default();
        assert!(description.starts_with(|c: char| c.is_uppercase() || c == '`'), "{path}: {description:?}");
        assert!(description.ends_with('.'), "{path}: {description:?}");
        for (key, property) in properties(schema).into_iter().flatten() {
            check(&format!("{path}.{key}"), property);
        }
        for (key, property) in listed_table(schema).and_then(properties).into_iter().flatten() {
            check(&format!("{path}[].{key}"), property);
        }
    }
    check("", &schema());
}

#[test]
fn examples_are_accepted() {
    fn collect(table: &Value, path: &str, examples: &mut Vec<(String, Value)>) {
        for (key, schema) in properties(table).into_iter().flatten() {
            let path = format!("{path}{key}");
            for example in schema["examples"].as_array().into_iter().flatten() {
                examples.push((path.clone(), example.clone()));
            }
            collect(schema, &format!("{path}."), examples);
        }
    }
    let mut examples = Vec::new();
    collect(&schema(), "", &mut examples);
    assert!(examples.len() > 20, "{examples:?}");
    for (key, example) in examples {
        let (builder, _directory) = with_file(&format!("{key} = {}", inline_toml(&example)), &[]);
        let explained = builder.service_name("x").explain();
        let problem = explained.errors().iter().find(|problem| problem.key() == Some(&key));
        assert!(problem.is_none(), "{key}: {example}: {problem:?}");
    }
}

/// Writes a value as it stands behind `=`.
fn inline_toml(value: &Value) -> String {
    match value {
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{key} = {}", inline_toml(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        other => toml(other),
    }
}

const REFERENCE_HEAD: &str = "\
#:schema ../schema/autotelemetry.schema.json
# Every key of autotelemetry.toml, with its meaning, its default and the variables that set it. Generated.
#
# To use a key, remove the `#` before it and before its table. `…` stands for a value that has no default. Any table may
# stand below [profiles.NAME] again, for one environment.
";

#[test]
fn reference_file_is_current_and_holds_defaults() {
    let mut text = REFERENCE_HEAD.to_owned();
    reference(&mut text, "", &schema());
    is_current("config-examples/reference.toml", &text);

    // Uncommented, the reference sets the defaults. The lists of tables are empty by default.
    let mut is_in_list = false;
    let uncommented: Vec<&str> = text
        .lines()
        .filter(|line| {
            if line.starts_with("#[") {
                is_in_list = line.starts_with("#[[");
            }
            !is_in_list && !line.contains('…') && !line.contains("NAME")
        })
        .filter_map(|line| {
            line.strip_prefix('#').filter(|rest| !rest.starts_with([' ', ':']) && !rest.is_empty())
        })
        .collect();
    let uncommented = uncommented.join("\n");
    let (builder, _directory) = with_file(&uncommented, &[]);
    let explained = builder.service_name("x").explain();
    assert_eq!(explained.errors(), [], "{uncommented}");
    let (defaults, _directory) = with_file("", &[]);
    let defaults = defaults.service_name("x").explain();
    let values = |explained: &autotelemetry::explain::Explanation| -> Vec<(String, String)> {
        explained.values().map(|(key, value, _)| (key.to_owned(), value)).collect()
    };
    assert_eq!(values(&explained), values(&defaults));
}

/// Writes the keys of a table, then the tables below it.
fn reference(out: &mut String, path: &str, table: &Value) {
    let (tables, keys) = tables_and_keys(table);
    for (key, schema) in keys {
        out.push('\n');
        describe(out, schema);
        let default = schema.get("default").map_or("…".to_owned(), toml);
        writeln!(out, "#{key} = {default}").unwrap();
    }
    for (key, schema) in tables {
        let (path, schema) = match named_tables(schema) {
            Some(inner) => (format!("{path}{key}.NAME"), (schema, inner)),
            None => (format!("{path}{key}"), (schema, listed_table(schema).unwrap_or(schema))),
        };
        out.push('\n');
        describe(out, schema.0);
        if listed_table(schema.0).is_some() {
            writeln!(out, "#[[{path}]]").unwrap();
        } else {
            writeln!(out, "#[{path}]").unwrap();
        }
        if path.starts_with("exporters") {
            writeln!(out, "# The keys of [otlp].").unwrap();
        } else {
            reference(out, &format!("{path}."), schema.1);
        }
    }
}

type Properties<'schema> = Vec<(&'schema String, &'schema Value)>;

/// Returns the tables in a table, and its other keys.
fn tables_and_keys(table: &Value) -> (Properties<'_>, Properties<'_>) {
    properties(table).into_iter().flatten().filter(|(key, _)| *key != "profiles").partition(|(_, schema)| {
        let tables = [Some(*schema), named_tables(schema), listed_table(schema)];
        tables.into_iter().flatten().any(|table| properties(table).is_some())
    })
}

/// Returns the schema of the tables with free names.
fn named_tables(schema: &Value) -> Option<&Value> {
    schema.get("additionalProperties").filter(|inner| properties(inner).is_some())
}

/// Returns the schema of the tables in a list.
fn listed_table(schema: &Value) -> Option<&Value> {
    schema.get("items").filter(|inner| properties(inner).is_some())
}

fn describe(out: &mut String, schema: &Value) {
    for line in schema["description"].as_str().unwrap_or_default().lines() {
        writeln!(out, "# {line}").unwrap();
    }
    let variables: Vec<_> =
        schema["x-env"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if properties(schema).is_none() && named_tables(schema).is_none() && !variables.is_empty() {
        writeln!(out, "# Variables: {}", variables.join(", ")).unwrap();
    }
}

fn toml(value: &Value) -> String {
    match value {
        Value::Object(entries) if entries.is_empty() => "{}".to_owned(),
        // JSON and TOML write strings, numbers, booleans and lists of them alike.
        other => other.to_string(),
    }
}

#[test]
fn reference_chapter_is_current() {
    fn rows(out: &mut Vec<String>, path: &str, table: &Value) {
        for (key, schema) in properties(table).into_iter().flatten().filter(|(key, _)| *key != "profiles") {
            let path = format!("{path}{key}");
            for variable in schema["x-env"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if !variable.starts_with("AUTOTEL_") {
                    out.push(format!("| `{variable}` | `{path}` |\n"));
                }
            }
            rows(out, &format!("{path}."), schema);
        }
    }
    let mut variables = vec!["| variable | key |\n|---|---|\n".to_owned()];
    rows(&mut variables, "", &schema());
    let mut text = "\n## Keys\n".to_owned();
    key_tables(&mut text, "", &schema());
    write!(text, "\n## Standard variables\n\n{}\n", variables.concat()).unwrap();

    let chapter = include_str!("../../docs/src/reference.md");
    let (begin, end) = ("<!-- keys and variables: generated -->\n", "<!-- end -->");
    let (before, rest) = chapter.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    is_current("docs/src/reference.md", &format!("{before}{begin}{text}{end}{after}"));
}

/// Writes a table of keys for each table of the file.
fn key_tables(out: &mut String, path: &str, table: &Value) {
    let (tables, keys) = tables_and_keys(table);
    if !keys.is_empty() {
        out.push_str("\n| key | default | meaning |\n|---|---|---|\n");
    }
    for (key, schema) in keys {
        let default = schema.get("default").map_or(String::new(), |value| format!("`{}`", toml(value)));
        writeln!(out, "| `{key}` | {default} | {} |", first_sentence(schema)).unwrap();
    }
    for (key, schema) in tables {
        let (path, inner) = match (named_tables(schema), listed_table(schema)) {
            (Some(inner), _) => (format!("{path}{key}.NAME"), inner),
            (None, Some(inner)) => (format!("{path}{key}"), inner),
            (None, None) => (format!("{path}{key}"), schema),
        };
        let name = if listed_table(schema).is_some() { format!("[[{path}]]") } else { format!("[{path}]") };
        write!(out, "\n### `{name}`\n\n{}\n", first_sentence(schema)).unwrap();
        if ["exporters", "otlp.traces", "otlp.metrics", "otlp.logs"].iter().any(|same| path.starts_with(same))
        {
            out.push_str("\nThe keys of `[otlp]`.\n");
        } else {
            key_tables(out, &format!("{path}."), inner);
        }
    }
}

/// Returns the first sentence of a description.
fn first_sentence(schema: &Value) -> String {
    let description = schema["description"].as_str().unwrap_or_default().replace('\n', " ");
    let end = description.find(". ").map_or(description.len(), |end| end + 1);
    description[..end].replace('|', "\\|")
}
