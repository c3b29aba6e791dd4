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

impl LevelFilter {
    /// Returns the level of this number; numbers beyond the last one stand for the last.
    #[must_use]
    pub(crate) fn from_u8(number: u8) -> Self {
        match number {
            0 => Self::Off,
            1 => Self::Error,
            2 => Self::Warn,
            3 => Self::Info,
            4 => Self::Debug,
            _ => Self::Trace,
        }
    }
}
