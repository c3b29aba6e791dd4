//! Rules for single tracers and meters.

use super::super::{
    node::Node,
    writer::{Writer, entry_path},
};
use crate::load::value_tree::{Table, Value};

/// Writes the rules of a configurator, the default last.
pub(super) fn write(key: &str, configurator: &Node, list: &str, w: &mut Writer) {
    let mut rules: Vec<Value> = Vec::new();
    let matchers = configurator.get(list).map(Node::items).unwrap_or_default();
    for matcher in matchers {
        let Some(name) = matcher.get("name") else { continue };
        let Some(config) = matcher.get("config") else { continue };
        add(key, name.text().unwrap_or_default(), name, config, &mut rules, w);
    }
    if let Some(default) = configurator.get("default_config") {
        add(key, "*", default, default, &mut rules, w);
    }
    if !rules.is_empty() {
        w.set(key, Value::List(rules), configurator);
    }
}

fn add(key: &str, name: &str, name_node: &Node, config: &Node, rules: &mut Vec<Value>, w: &mut Writer) {
    let mut rule = Table::from([("name".to_owned(), name.into())]);
    w.written.add(&entry_path(key, rules.len(), ""), config);
    w.written.add(&entry_path(key, rules.len(), "name"), name_node);
    if let Some(enabled) = config.some("enabled") {
        w.written.add(&entry_path(key, rules.len(), "enabled"), enabled);
        rule.insert("enabled".to_owned(), enabled.boolean().unwrap_or(true).into());
    }
    rules.push(rule.into());
}
