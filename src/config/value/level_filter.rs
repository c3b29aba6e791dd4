//! Levels of log records.

use super::string_enum;

string_enum! {
    /// The least severe level that passes; `off` passes nothing.
    #[derive(PartialOrd, Ord)]
    pub(crate) enum LevelFilter {
        /// No records.
        Off = "off",
        /// Failures.
        Error = "error",
        /// Unexpected conditions that are not failures.
        Warn = "warn",
        /// Events of interest in normal operation.
        Info = "info",
        /// Details for debugging.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
    }
    refused {
        "warning" => "did you mean \"warn\"?",
    }
}
