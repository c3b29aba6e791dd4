//! The logger provider.

use super::{
    super::{
        node::Node,
        writer::{Writer, entry_path},
    },
    batch, limits, severity,
};
use crate::{
    config::{LevelFilter, Signal},
    load::value_tree::{Table, Value},
};

const SCOPES: &str = "logs.scopes";

/// Writes the keys of logs. Without a provider, no records are exported, also not to the console.
/// `has_level` if the file sets `logs.level` itself.
pub(super) fn write(provider: Option<&Node>, has_level: bool, w: &mut Writer) {
    let Some(provider) = provider else { return w.set_default("logs.exporters", Vec::<String>::new()) };
    match provider.get("processors") {
        Some(list) => batch::processors(Signal::Logs, list, w),
        None => w.set_default("logs.exporters", Vec::<String>::new()),
    }
    if let Some(node) = provider.get("limits") {
        limits::write("logs.limits", node, w);
    }
    if let Some(configurator) = provider.get("logger_configurator/development") {
        configure(configurator, has_level, w);
    }
}

/// The configuration of some loggers.
struct Rule<'n> {
    name: &'n str,
    name_node: &'n Node,
    config: &'n Node,
    level: LevelFilter,
}

impl Rule<'_> {
    fn is_enabled(&self) -> bool {
        self.config.some("enabled").and_then(Node::boolean).unwrap_or(true)
    }
}

/// Writes the rules of loggers, and the level: that of the most detailed rule, since rules apply in
/// addition to it.
fn configure(configurator: &Node, has_level: bool, w: &mut Writer) {
    let default = configurator.get("default_config");
    let base = default.and_then(minimum);
    let level = base.unwrap_or(LevelFilter::Info);
    // With a minimum of its own, the default does not apply to other loggers.
    let unset = if base.is_some() { LevelFilter::Trace } else { LevelFilter::Info };
    let matchers = configurator.get("loggers").map(Node::items).unwrap_or_default();
    let mut rules: Vec<Rule<'_>> = matchers
        .iter()
        .filter_map(|matcher| {
            let (name_node, config) = (matcher.get("name")?, matcher.get("config")?);
            let level = minimum(config).unwrap_or(unset);
            Some(Rule { name: name_node.text()?, name_node, config, level })
        })
        .collect();
    let enabled = rules.iter().filter(|rule| rule.is_enabled()).map(|rule| rule.level);
    let most_detailed = enabled.chain([level]).max().unwrap_or(level);
    if let Some(default) = default {
        rules.push(Rule { name: "*", name_node: default, config: default, level });
    } else if most_detailed != level && !has_level {
        rules.push(Rule { name: "*", name_node: configurator, config: configurator, level });
    }
    if (base.is_some() || most_detailed != level) && !has_level {
        w.set("logs.level", most_detailed.as_str(), default.unwrap_or(configurator));
    }
    let mut entries: Vec<Value> = Vec::new();
    for rule in rules {
        // The level of the distribution replaces that of the rules. Disabled loggers need none.
        let needs_level = if has_level || !rule.is_enabled() {
            minimum(rule.config).is_some()
        } else {
            rule.level != most_detailed
        };
        let entry = table(&rule, entries.len(), needs_level, w);
        if rule.name != "*" || entry.len() > 1 {
            entries.push(entry.into());
        }
    }
    if !entries.is_empty() {
        w.set(SCOPES, Value::List(entries), configurator);
    }
}

fn minimum(config: &Node) -> Option<LevelFilter> {
    config.some("minimum_severity").and_then(Node::text).map(severity::level)
}

fn table(rule: &Rule<'_>, index: usize, needs_level: bool, w: &mut Writer) -> Table {
    let mut table = Table::from([("name".to_owned(), rule.name.into())]);
    w.written.add(&entry_path(SCOPES, index, ""), rule.config);
    w.written.add(&entry_path(SCOPES, index, "name"), rule.name_node);
    for key in ["enabled", "trace_based"] {
        if let Some(node) = rule.config.some(key)
            && let Some(value) = node.boolean()
            && value == (key == "trace_based")
        {
            w.written.add(&entry_path(SCOPES, index, key), node);
            table.insert(key.to_owned(), value.into());
        }
    }
    if needs_level {
        let node = rule.config.some("minimum_severity").unwrap_or(rule.config);
        w.written.add(&entry_path(SCOPES, index, "minimum_severity"), node);
        table.insert("minimum_severity".to_owned(), rule.level.as_str().into());
    }
    table
}
