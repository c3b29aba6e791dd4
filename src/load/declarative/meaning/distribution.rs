//! `distribution.autotelemetry`: keys that the schema cannot express.

use super::super::{
    fault::Fault,
    node::{Content, Node},
    writer::{Writer, scalar},
};
use crate::{
    config::{key_path::KeyPath, value::ParseError},
    load::{
        value_tree::{Table, Value},
        values,
    },
    text::nearest,
};

/// The keys that it takes, with all keys below them.
const KEYS: &[&str] = &[
    "console",
    "diagnostics.metrics",
    "file",
    "logs.baggage_attributes",
    "logs.batch.max_concurrent_exports",
    "logs.batch.max_queue_bytes",
    "logs.code_location",
    "logs.level",
    "logs.levels",
    "otlp.retry",
    "otlp_file.directory",
    "otlp_file.max_files",
    "otlp_file.max_size",
    "otlp_file.max_total_size",
    "otlp_file.prefix",
    "otlp_file.rotation",
    "prometheus.listen",
    "prometheus.namespace",
    "prometheus.path",
    "redact",
    "shutdown_timeout",
    "traces.baggage_attributes",
    "traces.batch.max_concurrent_exports",
    "traces.batch.max_queue_bytes",
];

/// Keys that have a node in the schema.
const NODES: &[(&str, &str)] = &[
    ("attribute_limits", "attribute_limits"),
    ("diagnostics.level", "log_level"),
    ("disabled", "disabled"),
    ("exporters", "processors and readers of the providers"),
    ("logs", "logger_provider"),
    ("metrics", "meter_provider"),
    ("otlp", "processors and readers of the providers"),
    ("otlp_file", "otlp_file/development"),
    ("prometheus", "prometheus/development"),
    ("propagators", "propagator"),
    ("resource", "resource"),
    ("service", "resource.attributes"),
    ("traces", "tracer_provider"),
];

/// Writes the keys of the mapping.
pub(super) fn write(node: &Node, w: &mut Writer) {
    mapping(node, &mut KeyPath::new(), w);
    if node.get("file").is_some() {
        add_file(node, w);
    }
    retry_of_all(node, w);
}

fn mapping(node: &Node, path: &mut KeyPath, w: &mut Writer) {
    for entry in node.entries() {
        path.push(entry.key.clone());
        let key = path.join(".");
        let is_above = |known: &&&str| known.strip_prefix(&key).is_some_and(|rest| rest.starts_with('.'));
        let is_within = |known: &&&str| {
            key == ***known || key.strip_prefix(**known).is_some_and(|rest| rest.starts_with('.'))
        };
        if KEYS.iter().any(|known| is_within(&known)) {
            value(&entry.value, path, w);
        } else if KEYS.iter().any(|known| is_above(&known))
            && matches!(entry.value.content, Content::Mapping(_))
        {
            mapping(&entry.value, path, w);
        } else {
            w.faults.push(Fault::at_key(&entry.value, unknown(&key)));
        }
        path.pop();
    }
}

fn unknown(key: &str) -> ParseError {
    let is_of = |of: &str| key == of || key.strip_prefix(of).is_some_and(|rest| rest.starts_with('.'));
    if let Some((_, node)) = NODES.iter().filter(|(of, _)| is_of(of)).max_by_key(|(of, _)| of.len())
        && !KEYS.iter().any(|known| nearest(key, [*known]).is_some())
    {
        return ParseError::of_key("is not a key of `distribution.autotelemetry`")
            .with_help(format!("the schema has a node for it: {node}"));
    }
    let error = ParseError::of_key(ParseError::UNKNOWN_KEY);
    match nearest(key, KEYS.iter().copied()) {
        Some(near) => error.with_help(format!("did you mean `{near}`?")),
        None => error,
    }
}

/// Writes a value and all values below it.
fn value(node: &Node, path: &mut KeyPath, w: &mut Writer) {
    match &node.content {
        Content::Refused => {}
        Content::Null => w.faults.push(Fault::at_key(node, ParseError::of_key("has no value"))),
        Content::Mapping(entries) => {
            w.set_path(path, Table::new(), node);
            for entry in entries {
                path.push(entry.key.clone());
                value(&entry.value, path, w);
                path.pop();
            }
        }
        _ => {
            if let Some(value) = plain(node, path, w) {
                w.set_path(path, value, node);
            }
        }
    }
}

/// Returns a value without writing it; the places of its parts are noted.
fn plain(node: &Node, path: &mut KeyPath, w: &mut Writer) -> Option<Value> {
    w.written.add(path, node);
    match &node.content {
        Content::Sequence(items) => {
            let items = items.iter().enumerate().filter_map(|(index, item)| {
                path.push(index.to_string());
                let item = plain(item, path, w);
                path.pop();
                item
            });
            Some(Value::List(items.collect()))
        }
        Content::Mapping(entries) => {
            let mut table = Table::new();
            for entry in entries {
                path.push(entry.key.clone());
                if let Some(value) = plain(&entry.value, path, w) {
                    table.insert(entry.key.clone(), value);
                }
                path.pop();
            }
            Some(table.into())
        }
        Content::Null => {
            w.faults.push(Fault::at(node, ParseError::new("has no value")));
            None
        }
        _ => scalar(node),
    }
}

/// Adds the exporter of log files, which the schema does not have.
fn add_file(node: &Node, w: &mut Writer) {
    let path = ["logs".to_owned(), "exporters".to_owned()];
    let mut names = match values::find(&w.values, &path) {
        Some(Value::List(names)) => names.clone(),
        _ => Vec::new(),
    };
    names.push("file".into());
    if w.written.path(&path).is_some() {
        values::insert(&mut w.values, &path, Value::List(names));
    } else if let Some(file) = node.get("file") {
        w.set_path(&path, Value::List(names), file);
    }
}

/// Applies the retries to all exporters of OTLP.
fn retry_of_all(node: &Node, w: &mut Writer) {
    let Some(retry) = node.get("otlp").and_then(|otlp| otlp.get("retry")) else { return };
    let names: Vec<String> = match w.values.get("exporters") {
        Some(Value::Table(exporters)) => exporters.keys().cloned().collect(),
        _ => return,
    };
    for name in names {
        value(retry, &mut vec!["exporters".to_owned(), name, "retry".to_owned()], w);
    }
}
