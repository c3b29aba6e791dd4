//! Samplers.

use super::super::{
    fault::Fault,
    node::Node,
    table::is_sampler,
    writer::{Writer, scalar},
};
use crate::{
    config::{
        key_path::{KeyPath, key_path},
        value::ParseError,
    },
    load::value_tree::{Table, Value},
};

/// The least interval of a remote sampler in milliseconds.
const MIN_INTERVAL: i64 = 100;

const BRANCHES: [(&str, &str); 4] = [
    ("remote_parent_sampled", "always_on"),
    ("remote_parent_not_sampled", "always_off"),
    ("local_parent_sampled", "always_on"),
    ("local_parent_not_sampled", "always_off"),
];

/// Writes the sampler: its name if it has one, otherwise a tree.
pub(super) fn write(node: &Node, w: &mut Writer) {
    if let Some((name, ratio)) = name(node) {
        if name == "traceidratio" {
            let warning = ParseError::new(
                "may leave traces incomplete: SDKs decide differently about spans with a parent",
            );
            w.warn(
                node,
                warning.with_help("put it into `parent_based.root`, or use `probability/development`"),
            );
        }
        if let Some(ratio) = ratio {
            w.set("traces.sampler_arg", ratio.number().unwrap_or(1.0), ratio);
        }
        return w.set("traces.sampler", name, node);
    }
    let mut path = key_path("traces.sampler");
    if let Some(tree) = tree(node, &mut path, w) {
        w.set("traces.sampler", tree, node);
    }
}

/// Returns the name of a sampler in `OTEL_TRACES_SAMPLER`, and its ratio.
fn name(node: &Node) -> Option<(&str, Option<&Node>)> {
    let (kind, arguments) = node.choice()?;
    match kind {
        "always_on" => Some(("always_on", None)),
        "always_off" => Some(("always_off", None)),
        "trace_id_ratio_based" => Some(("traceidratio", arguments.some("ratio"))),
        "parent_based" => {
            let is_default = |(branch, default): &(&str, &str)| match arguments.get(branch) {
                Some(sampler) => sampler.choice().is_some_and(|(kind, _)| kind == *default),
                None => arguments.entries().iter().all(|entry| entry.key != *branch),
            };
            if !BRANCHES.iter().all(is_default) {
                return None;
            }
            match arguments.get("root").map(name) {
                None | Some(Some(("always_on", _))) => Some(("parentbased_always_on", None)),
                Some(Some(("always_off", _))) => Some(("parentbased_always_off", None)),
                Some(Some(("traceidratio", ratio))) => Some(("parentbased_traceidratio", ratio)),
                Some(_) => None,
            }
        }
        added if !is_sampler(added) => Some((added, None)),
        _ => None,
    }
}

/// Returns a sampler as a table with one key. The places of its parts are noted below `path`.
fn tree(node: &Node, path: &mut KeyPath, w: &mut Writer) -> Option<Value> {
    let (kind, arguments) = node.choice()?;
    let ours = kind.trim_end_matches("/development");
    path.push(ours.to_owned());
    w.written.add(path, arguments);
    let table = match kind {
        "composite/development" => tree(arguments, path, w),
        "rule_based" => {
            let Some(rules) = arguments.get("rules") else {
                path.pop();
                // No rule matches, so no span is sampled.
                return Some("always_off".into());
            };
            path.push("rules".to_owned());
            w.written.add(path, rules);
            let rules: Vec<Value> = rules
                .items()
                .iter()
                .enumerate()
                .map(|(index, rule)| {
                    path.push(index.to_string());
                    let rule = self::rule(rule, path, w);
                    path.pop();
                    rule
                })
                .collect();
            path.pop();
            Some(Table::from([("rules".to_owned(), Value::List(rules))]).into())
        }
        added if !is_sampler(added) => {
            let error = ParseError::of_key("a sampler of the program cannot be part of another one");
            w.faults.push(Fault::at_key(arguments, error.with_help("write it as the value of `sampler`")));
            None
        }
        _ => Some(self::arguments(arguments, path, w).into()),
    };
    path.pop();
    Some(Table::from([(ours.to_owned(), table?)]).into())
}

/// Returns the arguments of a sampler: ratios, and samplers.
fn arguments(node: &Node, path: &mut KeyPath, w: &mut Writer) -> Table {
    let mut table = Table::new();
    for entry in node.entries() {
        path.push(entry.key.clone());
        w.written.add(path, &entry.value);
        let value = match entry.key.as_str() {
            "interval" => entry.value.integer().map(|millis| {
                format!("{}ms", w.clamp(&entry.value, millis, MIN_INTERVAL, i64::MAX, " ms")).into()
            }),
            _ => scalar(&entry.value).or_else(|| tree(&entry.value, path, w)),
        };
        if let Some(value) = value {
            table.insert(entry.key.clone(), value);
        }
        path.pop();
    }
    table
}

fn rule(node: &Node, path: &mut KeyPath, w: &mut Writer) -> Value {
    let mut table = Table::new();
    w.written.add(path, node);
    for entry in node.entries() {
        path.push(entry.key.clone());
        w.written.add(path, &entry.value);
        let value = match entry.key.as_str() {
            "sampler" => tree(&entry.value, path, w),
            "span_kinds" | "parent" => Some(texts(&entry.value)),
            _ => Some(condition(&entry.value, path, w)),
        };
        if let Some(value) = value {
            table.insert(entry.key.clone(), value);
        }
        path.pop();
    }
    table.into()
}

/// Returns a condition on an attribute.
fn condition(node: &Node, path: &mut KeyPath, w: &mut Writer) -> Value {
    let mut table = Table::new();
    for entry in node.entries() {
        path.push(entry.key.clone());
        w.written.add(path, &entry.value);
        path.pop();
        let value = scalar(&entry.value).unwrap_or_else(|| texts(&entry.value));
        table.insert(entry.key.clone(), value);
    }
    table.into()
}

fn texts(node: &Node) -> Value {
    Value::List(node.items().iter().filter_map(Node::text).map(Value::from).collect())
}
