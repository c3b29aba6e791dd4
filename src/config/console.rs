//! `[console]`: telemetry for the eyes, or for whatever reads the process's output.

use serde::{Deserialize, Serialize};

use super::value::string_enum;

/// The console exporter.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Console {
    /// Where to write: `stdout` or `stderr`.
    pub stream: Stream,

    /// `text` for people, `json` for machines, `auto` for text on a terminal and JSON otherwise.
    pub format: Format,

    /// `auto` colours text on a terminal unless the variable `NO_COLOR` is set; `always` and `never` decide it.
    pub color: Color,
}

impl Default for Console {
    fn default() -> Self {
        Self { stream: Stream::Stdout, format: Format::Auto, color: Color::Auto }
    }
}

string_enum! {
    /// A standard stream.
    pub enum Stream {
        /// Standard output.
        Stdout = "stdout",
        /// Standard error.
        Stderr = "stderr",
    }
}

string_enum! {
    /// How telemetry is written.
    pub enum Format {
        /// Text on a terminal, JSON otherwise.
        Auto = "auto",
        /// For people.
        Text = "text",
        /// One JSON object per line.
        Json = "json",
    }
}

string_enum! {
    /// Whether text is coloured.
    pub enum Color {
        /// On a terminal, unless `NO_COLOR` is set.
        Auto = "auto",
        /// Everywhere.
        Always = "always",
        /// Nowhere.
        Never = "never",
    }
}
