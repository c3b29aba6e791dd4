//! The names of exporters, and the table of built-in exporters.

use std::fmt;

use super::{
    signal::Signal,
    value::{ConfigValue, ParseError, list::List, own_or::is_part_name, string_value},
};

/// A row of the table of built-in exporters.
#[derive(Debug)]
pub(crate) struct BuiltInExporter {
    pub(crate) name: &'static str,
    /// The signals that it accepts.
    pub(crate) signals: &'static [Signal],
    /// The Cargo feature that it requires, if that is not enabled.
    pub(crate) missing_feature: Option<&'static str>,
}

macro_rules! built_in_exporters {
    ($($(#[$meta:meta])* $variant:ident = $name:literal for [$($signal:ident),+] $(with $feature:tt)?;)+) => {
        /// One entry of a signal's `exporters`.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum ExporterName {
            $($(#[$meta])* $variant,)+
            /// An exporter in `[exporters]`, by name.
            Named(String),
        }

        /// All built-in exporters, in the order of their mention in messages.
        const BUILT_IN: &[BuiltInExporter] = &[$(BuiltInExporter {
            name: $name,
            signals: &[$(Signal::$signal),+],
            missing_feature: missing_feature!($($feature)?),
        }),+];

        impl ExporterName {
            /// Returns the name as it is written in the configuration.
            #[must_use]
            pub(crate) fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)+
                    Self::Named(name) => name,
                }
            }
        }

        impl ConfigValue for ExporterName {
            const EXPECTED: &'static str = "the name of an exporter in quotes";

            fn parse_str(text: &str) -> Result<Self, ParseError> {
                Ok(match text {
                    $($name => Self::$variant,)+
                    name => Self::Named(name.to_owned()),
                })
            }
        }
    };
}

macro_rules! missing_feature {
    () => {
        None
    };
    ($feature:tt) => {
        if cfg!(feature = $feature) { None } else { Some($feature) }
    };
}

built_in_exporters! {
    /// `otlp`: the destination of `[otlp]`.
    Otlp = "otlp" for [Traces, Metrics, Logs];
    /// `console`.
    Console = "console" for [Traces, Metrics, Logs];
    /// `prometheus`, for metrics only.
    Prometheus = "prometheus" for [Metrics] with "prometheus";
    /// `file`, for logs only.
    File = "file" for [Logs];
    /// `otlp_file`: lines of OTLP.
    OtlpFile = "otlp_file" for [Traces, Metrics, Logs];
    /// `otlp/stdout`: lines of OTLP on standard output.
    OtlpStdout = "otlp/stdout" for [Traces, Metrics, Logs];
}

impl ExporterName {
    /// Returns the table of an exporter with keys of OTLP.
    pub(crate) fn otlp_table_name(&self) -> Option<String> {
        match self {
            Self::Otlp => Some(self.to_string()),
            Self::Named(name) => Some(format!("exporters.{name}")),
            _ => None,
        }
    }

    /// Returns the row of a built-in exporter.
    pub(crate) fn built_in(&self) -> Option<&'static BuiltInExporter> {
        BUILT_IN.iter().find(|exporter| exporter.name == self.as_str())
    }

    /// Returns the names of the built-in exporters that accept `signal`.
    pub(crate) fn built_in_names(signal: Signal) -> impl Iterator<Item = &'static str> {
        BUILT_IN
            .iter()
            .filter(move |exporter| exporter.signals.contains(&signal))
            .map(|exporter| exporter.name)
    }

    /// Returns whether a table below `[exporters]` may have this name.
    pub(crate) fn is_free_name(name: &str) -> bool {
        is_part_name(name) && Self::reserved_names().all(|reserved| reserved != name)
    }

    /// Returns the names that no table below `[exporters]` may have. `none` is the empty
    /// list.
    pub(crate) fn reserved_names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|exporter| exporter.name).chain(["none"])
    }
}

/// Returns the schema of the names that tables below `[exporters]` may have.
#[cfg(feature = "schema")]
pub(super) fn free_names() -> serde_json::Value {
    serde_json::json!({
        "pattern": "^[a-z][a-z0-9_]*$",
        "not": { "enum": ExporterName::reserved_names().collect::<Vec<_>>() },
    })
}

impl fmt::Display for ExporterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

string_value!(ExporterName);

/// The exporters of one signal.
pub(crate) type ExporterList = List<ExporterName>;
