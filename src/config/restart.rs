//! The keys that a reload cannot change.
//!
//! They describe what the SDK fixes when a provider or an instrument is created, and the identity
//! of the process.

use super::{Config, limits::SpanLimits};

/// The keys and tables whose values take effect after a restart.
const NEEDS_RESTART: [&str; 16] = [
    "profile",
    "service",
    "resource",
    "attribute_limits.attribute_count_limit",
    "traces.limits.attribute_count_limit",
    "traces.limits.event_count_limit",
    "traces.limits.link_count_limit",
    "traces.limits.event_attribute_count_limit",
    "traces.limits.link_attribute_count_limit",
    "metrics.temporality",
    "metrics.exemplar_filter",
    "metrics.histogram_aggregation",
    "metrics.cardinality_limit",
    "metrics.cardinality_limits",
    "metrics.views",
    "diagnostics.metrics",
];

/// Returns whether the value at `path` takes effect after a restart only.
pub(crate) fn needs_restart(path: &[String]) -> bool {
    let holds = |key: &&str| {
        let mut segments = key.split('.');
        path.iter().map(String::as_str).zip(segments.by_ref()).all(|(a, b)| a == b)
            && segments.next().is_none()
    };
    NEEDS_RESTART.iter().any(holds)
}

impl Config {
    /// Keeps the values of `running` that need a restart.
    pub(crate) fn hold_restart_keys(&mut self, running: &Self) {
        let Self { service, resource, attribute_limits, traces, metrics, diagnostics, .. } = running;
        self.service.clone_from(service);
        self.resource.clone_from(resource);
        self.attribute_limits.attribute_count_limit = attribute_limits.attribute_count_limit;
        self.traces.limits = SpanLimits {
            attribute_value_length_limit: self.traces.limits.attribute_value_length_limit,
            ..traces.limits
        };
        let held = metrics.clone();
        self.metrics.temporality = held.temporality;
        self.metrics.exemplar_filter = held.exemplar_filter;
        self.metrics.histogram_aggregation = held.histogram_aggregation;
        self.metrics.cardinality_limit = held.cardinality_limit;
        self.metrics.cardinality_limits = held.cardinality_limits;
        self.metrics.views = held.views;
        self.diagnostics.metrics = diagnostics.metrics;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::key_path::key_path;

    #[test]
    fn tables_contain_their_keys_and_no_others() {
        for (key, is_held) in [
            ("service.name", true),
            ("service", true),
            ("metrics.views.0.name", true),
            ("metrics.cardinality_limit", true),
            ("metrics.cardinality_limits.counter", true),
            ("metrics.interval", false),
            ("traces.limits.attribute_value_length_limit", false),
            ("traces", false),
            ("servicer", false),
        ] {
            assert_eq!(needs_restart(&key_path(key)), is_held, "{key}");
        }
    }
}
