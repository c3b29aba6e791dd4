//! `[metrics]`

use serde::{Deserialize, Serialize};

use super::{
    exporter_name::ExporterList,
    value::{
        duration::{Interval, Timeout, at_least},
        string_enum,
    },
};

/// How often metrics are sent and where they go.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Metrics {
    /// Any of `otlp`, `prometheus`, `console` and the names of `[exporters]`; `[]` exports nothing. Default: `otlp` once
    /// an OTLP endpoint is set, otherwise nothing.
    pub exporters: Option<ExporterList>,

    /// The time between two exports, at least 100 ms. Prometheus decides for itself when it scrapes.
    #[serde(deserialize_with = "at_least::<100, _, _>")]
    pub interval: Interval,

    /// The longest time that one export may take, retries included. `"0s"` means no limit of its own.
    pub timeout: Timeout,

    /// Whether sums count from the start of the process (`cumulative`), from the export before (`delta`), or whichever
    /// needs less memory for each kind of instrument (`lowmemory`). Prometheus is always cumulative, and so are all
    /// exporters beside it.
    pub temporality: Temporality,
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
    /// Where sums begin.
    pub enum Temporality {
        /// At the start of the process.
        Cumulative = "cumulative",
        /// At the export before.
        Delta = "delta",
        /// Delta where that saves memory, cumulative elsewhere.
        LowMemory = "lowmemory",
    }
}
