//! Views.

use super::super::{
    node::Node,
    writer::{Writer, entry_path, scalar},
};
use crate::load::value_tree::{Table, Value};

const VIEWS: &str = "metrics.views";

/// Writes the views of a list.
pub(super) fn write(list: &Node, w: &mut Writer) {
    let views = list.items().iter().enumerate().map(|(index, view)| self::view(view, index, w));
    let views: Vec<Value> = views.collect();
    w.set(VIEWS, Value::List(views), list);
}

fn view(node: &Node, index: usize, w: &mut Writer) -> Value {
    let mut table = Table::new();
    w.written.add(&entry_path(VIEWS, index, ""), node);
    if let Some(selector) = node.get("selector") {
        for entry in selector.entries() {
            copy(&mut table, index, &entry.key, &entry.value, w);
        }
        if table.is_empty() {
            insert(&mut table, index, "instrument_name", "*", selector, w);
        }
    }
    let Some(stream) = node.get("stream") else { return table.into() };
    for key in ["name", "description", "aggregation_cardinality_limit"] {
        if let Some(value) = stream.some(key) {
            copy(&mut table, index, key, value, w);
        }
    }
    if let Some((kind, arguments)) = stream.get("aggregation").and_then(Node::choice) {
        insert(&mut table, index, "aggregation", kind, arguments, w);
        for entry in arguments.entries() {
            let value = &entry.value;
            match entry.key.as_str() {
                "boundaries" => {
                    let numbers = value.items().iter().filter_map(Node::number).map(Value::from).collect();
                    insert(&mut table, index, "boundaries", Value::List(numbers), value, w);
                }
                key => copy(&mut table, index, key, value, w),
            }
        }
    }
    if let Some(keys) = stream.get("attribute_keys") {
        let texts = |name: &str| {
            let texts = keys.get(name)?.items().iter().filter_map(Node::text).map(Value::from);
            Some((name.to_owned(), Value::List(texts.collect())))
        };
        let selection: Table = ["included", "excluded"].into_iter().filter_map(texts).collect();
        if !selection.is_empty() {
            insert(&mut table, index, "attribute_keys", selection, keys, w);
        }
    }
    table.into()
}

fn copy(table: &mut Table, index: usize, key: &str, node: &Node, w: &mut Writer) {
    if let Some(value) = scalar(node) {
        insert(table, index, key, value, node, w);
    }
}

fn insert(table: &mut Table, index: usize, key: &str, value: impl Into<Value>, node: &Node, w: &mut Writer) {
    w.written.add(&entry_path(VIEWS, index, key), node);
    table.insert(key.to_owned(), value.into());
}
