//! The resource and its detectors.

use super::super::{
    fault::Fault,
    judge::wrong_type,
    node::{Content, Node},
    writer::{Writer, scalar},
};
use crate::{
    config::{Resource, key_path::KeyPath, value::ParseError},
    load::{
        percent_pairs::{PairError, decode, pairs},
        value_tree::{Table, Value},
    },
};

/// Writes the keys of the resource. Returns whether the detector `service` is enabled.
pub(super) fn write(node: &Node, w: &mut Writer) -> bool {
    if let Some(list) = node.some("attributes_list") {
        attributes_list(list, w);
    }
    if let Some(attributes) = node.get("attributes") {
        let mut seen: Vec<&str> = Vec::new();
        for attribute in attributes.items() {
            let Some(name) = attribute.get("name").and_then(Node::text) else { continue };
            if seen.contains(&name) {
                let error = ParseError::new(format!("the attribute \"{name}\" is set twice"));
                w.faults.push(Fault::at(attribute, error.with_help("remove one of them")));
                continue;
            }
            seen.push(name);
            attribute_value(name, attribute, w);
        }
    }
    w.copy("resource.schema_url", node, "schema_url");
    node.get("detection/development").is_some_and(|detection| detectors(detection, w))
}

/// Returns the key of an attribute.
fn attribute_key(name: &str) -> KeyPath {
    match Resource::SERVICE_KEYS.iter().find(|(attribute, _)| *attribute == name) {
        Some((_, key)) => vec!["service".to_owned(), (*key).to_owned()],
        None => vec!["resource".to_owned(), "attributes".to_owned(), name.to_owned()],
    }
}

fn attributes_list(list: &Node, w: &mut Writer) {
    for entry in pairs(list.text().unwrap_or_default()) {
        let decoded = entry.and_then(|(name, value)| {
            let name = decode(name).ok_or(PairError::Encoding)?;
            Ok((name, value))
        });
        match decoded {
            Ok((name, value)) => w.set_path(&attribute_key(&name), value, list),
            Err(error) => {
                return w.error(list, error.message(), "write `name=value,name=value`, percent-encoded");
            }
        }
    }
}

fn attribute_value(name: &str, attribute: &Node, w: &mut Writer) {
    if name.is_empty() {
        return w.error(attribute, "the name of the attribute is empty", "give it a name");
    }
    let Some(node) = attribute.some("value") else { return };
    let kind = attribute.some("type").and_then(Node::text).unwrap_or("string");
    let (kind, is_array) = match kind.strip_suffix("_array") {
        Some(kind) => (kind, true),
        None => (kind, false),
    };
    let value = match (&node.content, is_array) {
        (Content::Sequence(items), true) => {
            let values: Option<Vec<Value>> = items.iter().map(|item| typed(kind, item, w)).collect();
            values.map(Value::List)
        }
        (_, true) => {
            w.faults.push(Fault::at(node, wrong_type(node, "a list")));
            None
        }
        (_, false) => typed(kind, node, w),
    };
    if let Some(value) = value {
        w.set_path(&attribute_key(name), value, node);
    }
}

/// Returns a value of the type. Another value is an error.
fn typed(kind: &str, node: &Node, w: &mut Writer) -> Option<Value> {
    let is_good = match kind {
        "string" => node.text().is_some(),
        "bool" => node.boolean().is_some(),
        "int" => node.integer().is_some(),
        _ => node.number().is_some(),
    };
    if is_good {
        return if kind == "double" { node.number().map(Value::from) } else { scalar(node) };
    }
    let expected = match kind {
        "string" => "a string",
        "bool" => "a boolean",
        "int" => "a whole number",
        _ => "a number",
    };
    let error = wrong_type(node, expected);
    let found = match node.content {
        Content::Boolean(_) => Some("bool"),
        Content::Integer(_) => Some("int"),
        Content::Float(_) => Some("double"),
        Content::Text(_) => Some("string"),
        _ => None,
    };
    let error = match found {
        Some(found) if error.help.is_none() || kind == "string" => {
            error.with_help(format!("write `type: {found}`, or change the value"))
        }
        _ => error,
    };
    w.faults.push(Fault::at(node, error));
    None
}

fn detectors(detection: &Node, w: &mut Writer) -> bool {
    if let Some(attributes) = detection.get("attributes") {
        include_exclude("resource.detector_attributes", attributes, w);
    }
    let Some(list) = detection.get("detectors") else { return false };
    let mut names: Vec<&str> = Vec::new();
    let mut detects_service = false;
    for (name, _) in list.items().iter().filter_map(Node::choice) {
        let ours: &[&str] = match name {
            "host" => &["host", "os"],
            "service" => &["service_instance"],
            "container" => &["container"],
            "process" => &["process"],
            "os" => &["os"],
            _ => std::slice::from_ref(&name),
        };
        detects_service |= name == "service";
        for name in ours {
            if !names.contains(name) {
                names.push(name);
            }
        }
    }
    w.set("resource.detectors", names, list);
    detects_service
}

/// Writes a selection of names by patterns.
pub(super) fn include_exclude(key: &str, node: &Node, w: &mut Writer) {
    let texts = |name: &str| {
        let list = node.get(name)?;
        Some(list.items().iter().filter_map(Node::text).map(Value::from).collect::<Vec<_>>())
    };
    let mut table = Table::new();
    for name in ["included", "excluded"] {
        if let Some(patterns) = texts(name) {
            table.insert(name.to_owned(), Value::List(patterns));
        }
    }
    if !table.is_empty() {
        w.set_path(&key.split('.').map(str::to_owned).collect::<Vec<_>>(), table, node);
    }
}
