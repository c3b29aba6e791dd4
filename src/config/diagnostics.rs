//! `[diagnostics]`: what telemetry says about itself.

use serde::{Deserialize, Serialize};

use super::value::log_filter::LevelFilter;

/// What this library and the OpenTelemetry crates say about themselves. The lines on standard error are never exported.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Diagnostics {
    /// The least severe level that is shown: `off`, `error` (telemetry was lost), `warn`, `info`, `debug` or `trace`.
    pub level: LevelFilter,
    /// Whether telemetry is measured too: `otel.sdk.*`, the metrics of the semantic conventions about the SDK itself. They tell how
    /// many spans, log records and data points each exporter was given, sent and lost and why, how full the queues are, and how
    /// long exports take. They go where `metrics.exporters` sends all metrics.
    pub metrics: bool,
}

impl Default for Diagnostics {
    fn default() -> Self {
        Self { level: LevelFilter::Info, metrics: false }
    }
}
