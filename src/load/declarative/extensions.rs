//! Parts that the program adds, at the extension points of the schema.

use super::node_type::NodeType;
use crate::config::{Registered, Signal};

/// Returns the names that the program adds to those of a type.
pub(super) fn added<'r>(registered: &'r Registered, of: &NodeType) -> Vec<&'r str> {
    let parts = match of.name {
        "SpanExporter" => return registered.exporter_names(Signal::Traces).collect(),
        "PushMetricExporter" => return registered.exporter_names(Signal::Metrics).collect(),
        "LogRecordExporter" => return registered.exporter_names(Signal::Logs).collect(),
        "Sampler" => &registered.samplers,
        "TextMapPropagator" => &registered.propagators,
        "ExperimentalResourceDetector" => &registered.detectors,
        _ => return Vec::new(),
    };
    parts.iter().map(String::as_str).collect()
}
