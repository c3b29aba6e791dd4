//! `[metrics]`

use serde::{Deserialize, Serialize};

use super::{
    exporter_name::ExporterList,
    value::{
        duration::{Interval, Timeout, at_least},
        string_enum,
    },
};

/// Export of metrics.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Metrics {
    /// Any of `otlp`, `prometheus`, `console`, `otlp_file`, `otlp/stdout` and the names in
    /// `[exporters]`; `[]` exports nothing. Default: `otlp` if an OTLP endpoint is set, otherwise
    /// none.
    pub(crate) exporters: Option<ExporterList>,

    /// The time between two exports, at least 100 ms. It does not apply to Prometheus, which
    /// scrapes at its own interval.
    #[serde(deserialize_with = "at_least::<100, _, _>")]
    pub(crate) interval: Interval,

    /// The maximum duration of one export, including retries. `"0s"` means that only the `timeout`
    /// of the destination applies.
    pub(crate) timeout: Timeout,

    /// The starting point of sums: the start of the process (`cumulative`), the previous export
    /// (`delta`), or whichever needs less memory for each kind of instrument (`lowmemory`).
    /// Prometheus is always cumulative, and so are all exporters used together with it.
    pub(crate) temporality: Temporality,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            exporters: None,
            interval: Interval::from_millis(60_000),
            timeout: Timeout::from_secs(30),
            temporality: Temporality::Cumulative,
        }
    }
}

string_enum! {
    /// The starting point of sums.
    pub(crate) enum Temporality {
        /// The start of the process.
        Cumulative = "cumulative",
        /// The previous export.
        Delta = "delta",
        /// Delta where that saves memory, cumulative elsewhere.
        LowMemory = "lowmemory",
    }
}
