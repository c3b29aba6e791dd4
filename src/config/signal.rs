//! The three signals.

use super::value::word_enum;

word_enum! {
    /// A kind of telemetry.
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
    /// All signals.
    pub const ALL: [Self; 3] = [Self::Traces, Self::Metrics, Self::Logs];
}
