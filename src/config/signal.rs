//! The three signals.

use super::value::string_enum;

string_enum! {
    /// One of the three kinds of telemetry.
    pub enum Signal {
        /// Spans.
        Traces = "traces",
        /// Measurements.
        Metrics = "metrics",
        /// Log records.
        Logs = "logs",
    }
}

impl Signal {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Traces, Self::Metrics, Self::Logs];
}
