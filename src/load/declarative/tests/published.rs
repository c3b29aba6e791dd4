//! The table of nodes and the schema that OpenTelemetry publishes.
//!
//! The schema is not part of this repository. `OTEL_CONFIGURATION` names a directory with
//! `opentelemetry_configuration.json`; without it, the comparison is left out.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use serde_json::Value;
use test_support::{golden, programs::published_configuration};

use crate::load::declarative::{
    node_type::{Class, Keys, Kind, NodeType, Row},
    table::CONFIGURATION,
};

/// Types below a node that is not read.
const UNREAD: &[&str] = &[
    "ExperimentalInstrumentation",
    "ExperimentalLanguageSpecificInstrumentation",
    "Distribution",
    "ExperimentalSemconvConfig",
    "ExperimentalSanitization",
    "ExperimentalUrlSanitization",
];

/// Returns all types, by their names.
fn types() -> BTreeMap<&'static str, &'static NodeType> {
    fn of_kind(kind: &'static Kind) -> Option<&'static NodeType> {
        match kind {
            Kind::Mapping(of) => Some(of),
            Kind::List(of, _) => of_kind(of),
            _ => None,
        }
    }
    let mut found = BTreeMap::new();
    let mut pending: Vec<&'static NodeType> = vec![&CONFIGURATION];
    while let Some(of) = pending.pop() {
        if found.insert(of.name, of).is_none() {
            pending.extend(of.rows.iter().filter_map(|row| of_kind(&row.kind)));
        }
    }
    found.remove("");
    found
}

fn schema() -> Option<Value> {
    let path = published_configuration()?.join("opentelemetry_configuration.json");
    Some(serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
}

/// Returns the definition that a node refers to, or the node itself.
fn resolved<'s>(schema: &'s Value, node: &'s Value) -> &'s Value {
    match node["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        Some(name) => &schema["$defs"][name],
        None => node,
    }
}

fn allows(node: &Value, name: &str) -> bool {
    match &node["type"] {
        Value::String(only) => only == name,
        Value::Array(all) => all.iter().any(|one| one == name),
        _ => true,
    }
}

/// Returns the difference between a row and its node in the schema.
fn difference(schema: &Value, row: &Row, node: &Value) -> Option<String> {
    let node = resolved(schema, node);
    let difference = kind_difference(schema, &row.kind, node).unwrap_or_else(|| "no words".to_owned());
    Some(format!("{}: {difference}", row.key))
        .filter(|_| !difference.is_empty())
        .or_else(|| (allows(node, "null") != row.allows_null()).then(|| format!("{}: null", row.key)))
}

/// Returns an empty text without a difference.
fn kind_difference(schema: &Value, kind: &Kind, node: &Value) -> Option<String> {
    let same = |is_same: bool, what: &str| Some(if is_same { String::new() } else { what.to_owned() });
    match kind {
        Kind::Boolean => same(allows(node, "boolean"), "not a boolean"),
        Kind::Text => same(allows(node, "string") && node["enum"].is_null(), "not a text"),
        Kind::Integer(least) => {
            let of_schema =
                node["minimum"].as_i64().or(node["exclusiveMinimum"].as_i64().map(|least| least + 1));
            same(allows(node, "integer") && of_schema == Some(*least), "another minimum")
        }
        // The port has no range in the schema.
        Kind::Range(least, _) => {
            let minimum = node["minimum"].as_i64().unwrap_or(0);
            same(allows(node, "integer") && minimum == *least, "another range")
        }
        Kind::Number => same(allows(node, "number"), "not a number"),
        Kind::Ratio => same(node["maximum"] == 1 && node["minimum"] == 0, "another range"),
        Kind::Word(words) => {
            let of_schema: Vec<_> = node["enum"].as_array()?.iter().filter_map(Value::as_str).collect();
            same(of_schema == *words, "other words")
        }
        Kind::Mapping(of) => {
            let definition = &schema["$defs"][of.name];
            same(definition == node, "another type")
        }
        Kind::List(of, least) => {
            let items = resolved(schema, &node["items"]);
            match kind_difference(schema, of, items)? {
                same_items if same_items.is_empty() => {
                    same(node["minItems"] == *least, "another minimum of items")
                }
                difference => Some(difference),
            }
        }
        Kind::AnyValue | Kind::Unread | Kind::Distribution => Some(String::new()),
    }
}

#[test]
fn each_node_of_the_schema_has_a_row() {
    let Some(schema) = schema() else { return };
    let types = types();
    let mut differences = Vec::new();
    let definitions = schema["$defs"].as_object().unwrap().iter();
    let root = ("OpenTelemetryConfiguration".to_owned(), schema.clone());
    for (name, definition) in definitions.map(|(name, node)| (name.clone(), node.clone())).chain([root]) {
        let is_unread = UNREAD.contains(&name.as_str()) || name.ends_with("Instrumentation");
        if !definition["enum"].is_null() || is_unread {
            continue;
        }
        let Some(of) = types.get(name.as_str()) else {
            differences.push(format!("{name} has no type"));
            continue;
        };
        let properties = definition["properties"].as_object().cloned().unwrap_or_default();
        let required =
            |key: &str| definition["required"].as_array().is_some_and(|all| all.iter().any(|it| it == key));
        for (key, node) in &properties {
            match of.row(key) {
                None => differences.push(format!("{name}.{key} has no row")),
                Some(row) => {
                    let difference = difference(&schema, row, node);
                    differences.extend(difference.map(|difference| format!("{name}.{difference}")));
                    if required(key) != row.is_required {
                        differences.push(format!("{name}.{key}: required"));
                    }
                }
            }
        }
        let unknown = of.rows.iter().filter(|row| !row.is_extension && !properties.contains_key(row.key));
        differences.extend(unknown.map(|row| format!("{name}.{} is not in the schema", row.key)));
        if matches!(of.keys, Keys::One(_)) != (definition["maxProperties"] == 1) {
            differences.push(format!("{name}: exactly one key"));
        }
        if name != "OpenTelemetryConfiguration" && allows(&definition, "null") != of.is_nullable {
            differences.push(format!("{name}: null"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

fn class(row: &Row) -> String {
    match row.class {
        Class::Supported if row.is_extension => "supported, not in the schema".to_owned(),
        Class::Supported => "supported".to_owned(),
        Class::Partial => "in part".to_owned(),
        Class::Refused(why) => format!("refused: {why}"),
        Class::Ignored => "ignored".to_owned(),
    }
}

/// The guide contains the table of nodes between two marks.
#[test]
fn guide_contains_the_table_of_nodes() {
    const START: &str = "<!-- nodes -->\n";
    const END: &str = "<!-- end of nodes -->";
    let mut table = String::new();
    let types = types();
    let root = types["OpenTelemetryConfiguration"];
    let others = types.values().filter(|of| of.name != root.name && !of.rows.is_empty());
    for of in [&root].into_iter().chain(others) {
        writeln!(table, "\n### `{}`\n\n| node | class | key | meaning |\n| --- | --- | --- | --- |", of.name)
            .unwrap();
        for row in of.rows {
            let ours = if row.ours == "-" {
                String::new()
            } else {
                format!("`{}`", row.ours.trim_start_matches('.'))
            };
            let meaning = row.meaning.replace('|', "\\|");
            writeln!(table, "| `{}` | {} | {ours} | {meaning} |", row.key, class(row)).unwrap();
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/declarative.md");
    // A package does not contain the guide.
    let Ok(guide) = fs::read_to_string(&path) else { return };
    let (before, rest) = guide.split_once(START).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let expected = format!("{before}{START}{table}\n{END}{after}");
    let difference = golden::difference(&path, &expected);
    assert!(difference.is_none(), "{}", difference.unwrap());
}
