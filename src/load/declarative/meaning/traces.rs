//! The tracer provider.

use super::{
    super::{node::Node, writer::Writer},
    batch, limits, sampler, scopes,
};
use crate::config::Signal;

/// Writes the keys of traces. Without a provider, no spans are exported.
pub(super) fn write(provider: Option<&Node>, w: &mut Writer) {
    let Some(provider) = provider else { return w.set_default("traces.exporters", Vec::<String>::new()) };
    match provider.get("processors") {
        Some(list) => batch::processors(Signal::Traces, list, w),
        None => w.set_default("traces.exporters", Vec::<String>::new()),
    }
    if let Some(node) = provider.get("limits") {
        limits::write("traces.limits", node, w);
        for name in [
            "event_count_limit",
            "link_count_limit",
            "event_attribute_count_limit",
            "link_attribute_count_limit",
        ] {
            w.copy(&format!("traces.limits.{name}"), node, name);
        }
    }
    if let Some(tree) = provider.get("sampler") {
        sampler::write(tree, w);
    }
    if let Some(configurator) = provider.get("tracer_configurator/development") {
        scopes::write("traces.scopes", configurator, "tracers", w);
    }
}
