//! `[console]`: telemetry on standard output or standard error.

use serde::{Deserialize, Serialize};

use super::value::string_enum;

/// The console exporter.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Console {
    /// The stream to write to: `stdout` or `stderr`.
    pub(crate) stream: Stream,

    /// `text`: for people; `json`: one object per line; `auto`: text on a terminal, JSON otherwise.
    pub(crate) format: Format,

    /// `auto`: colored text on a terminal, unless the variable `NO_COLOR` is set or `TERM` is
    /// `dumb`; `always`; `never`.
    pub(crate) color: Color,
}

impl Default for Console {
    fn default() -> Self {
        Self { stream: Stream::Stdout, format: Format::Auto, color: Color::Auto }
    }
}

string_enum! {
    /// A standard stream.
    pub(crate) enum Stream {
        /// Standard output.
        Stdout = "stdout",
        /// Standard error.
        Stderr = "stderr",
    }
}

string_enum! {
    /// The format of telemetry on the console.
    pub(crate) enum Format {
        /// Text on a terminal, JSON otherwise.
        Auto = "auto",
        /// Text for people.
        Text = "text",
        /// One JSON object per line.
        Json = "json",
    }
}

string_enum! {
    /// The use of color in text.
    pub(crate) enum Color {
        /// Color on a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
        Auto = "auto",
        /// Color everywhere.
        Always = "always",
        /// No color.
        Never = "never",
    }
}
