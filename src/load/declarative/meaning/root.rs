//! The root: its scalars, limits and propagators.

use super::{distribution, limits, logs, metrics, resource, severity, traces};
use crate::{
    config::value::ParseError,
    load::declarative::{fault::Fault, node::Node, writer::Writer},
};

/// Writes all keys. Returns whether the detector `service` is enabled.
pub(crate) fn write(root: &Node, w: &mut Writer) -> bool {
    w.copy("disabled", root, "disabled");
    if let Some(node) = root.some("log_level") {
        let level = severity::level(node.text().unwrap_or_default());
        w.set("diagnostics.level", level.as_str(), node);
    }
    if let Some(limits) = root.get("attribute_limits") {
        limits::write("attribute_limits", limits, w);
    }
    propagators(root.get("propagator"), w);
    let detects_service = root.get("resource").is_some_and(|node| resource::write(node, w));
    traces::write(root.get("tracer_provider"), w);
    metrics::write(root.get("meter_provider"), w);
    let distribution = root.get("distribution").and_then(|node| node.get("autotelemetry"));
    let has_level = distribution.and_then(|node| node.get("logs")?.get("level")).is_some();
    logs::write(root.get("logger_provider"), has_level, w);
    if let Some(node) = distribution {
        distribution::write(node, w);
    }
    detects_service
}

fn propagators(node: Option<&Node>, w: &mut Writer) {
    let Some(node) = node else { return w.set_default("propagators", Vec::<String>::new()) };
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    };
    if let Some(composite) = node.get("composite") {
        composite.items().iter().filter_map(Node::choice).for_each(|(name, _)| add(name));
    }
    let of_list = node.some("composite_list").and_then(|list| Some((list, list.text()?)));
    if let Some((list, text)) = of_list {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let entries: Vec<_> = entries.collect();
        if entries == ["none"] && node.get("composite").is_none() {
            return w.set("propagators", Vec::<String>::new(), list);
        }
        if entries.contains(&"none") {
            w.faults.push(Fault::at(
                list,
                ParseError::new("\"none\" is combined with other propagators")
                    .with_help("remove one or the other"),
            ));
            return;
        }
        entries.into_iter().for_each(add);
    }
    let place = node.get("composite").or(node.some("composite_list")).unwrap_or(node);
    w.set("propagators", names, place);
}
