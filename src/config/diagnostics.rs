//! `[diagnostics]`: diagnostics about the telemetry itself.

use serde::{Deserialize, Serialize};

use super::value::level_filter::LevelFilter;

/// Diagnostics of this library and of the OpenTelemetry crates. They are written to standard error
/// and never exported.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Diagnostics {
    /// The least severe level to print: `off`, `error` (telemetry was lost), `warn`, `info`,
    /// `debug` or `trace`.
    pub(crate) level: LevelFilter,
    /// Records metrics about the telemetry itself: `otel.sdk.*`, the SDK metrics of the semantic
    /// conventions. They count the spans, log records and data points that each exporter
    /// received, sent and lost, the latter by reason. They also report the sizes of the queues and
    /// the durations of exports. All exporters in `metrics.exporters` receive them.
    pub(crate) metrics: bool,
}

impl Default for Diagnostics {
    fn default() -> Self {
        Self { level: LevelFilter::Info, metrics: false }
    }
}
