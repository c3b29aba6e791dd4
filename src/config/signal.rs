//! The three signals, and where each can go.

use std::{fmt, marker::PhantomData};

use serde::{Deserialize, Deserializer, Serialize, de};

use super::value::{self, ConfigValue, ParseError, string_enum, string_value};

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

/// One entry of a signal's `exporters`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ExporterName {
    /// `otlp`: the destination of `[otlp]`.
    Otlp,
    /// `console`
    Console,
    /// `file` (logs only)
    File,
    /// `prometheus` (metrics only)
    Prometheus,
    /// One of `[exporters]`, by its name.
    Named(String),
}

impl ExporterName {
    /// The names that no table below `[exporters]` may have. `none` is a word of the configuration too.
    pub(crate) const RESERVED: &'static [&'static str] = &["otlp", "console", "prometheus", "file", "none"];

    /// The built-in exporters of a signal.
    pub(crate) fn built_in(signal: Signal) -> &'static [&'static str] {
        match signal {
            Signal::Metrics => &["otlp", "console", "prometheus"],
            Signal::Traces => &["otlp", "console"],
            Signal::Logs => &["otlp", "console", "file"],
        }
    }

    /// The name, as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Otlp => "otlp",
            Self::Console => "console",
            Self::File => "file",
            Self::Prometheus => "prometheus",
            Self::Named(name) => name,
        }
    }
}

impl fmt::Display for ExporterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ConfigValue for ExporterName {
    const EXPECTED: &'static str = "the name of an exporter in quotes";

    fn parse_str(text: &str) -> Result<Self, ParseError> {
        Ok(match text {
            "otlp" => Self::Otlp,
            "console" => Self::Console,
            "file" => Self::File,
            "prometheus" => Self::Prometheus,
            name => Self::Named(name.to_owned()),
        })
    }
}

string_value!(ExporterName);

string_enum! {
    /// A format in which trace context and baggage travel between services.
    pub enum Propagator {
        /// W3C Trace Context.
        TraceContext = "tracecontext",
        /// W3C Baggage.
        Baggage = "baggage",
    }
}

/// A list in which `"none"`, standing alone, is another way to write the empty list, and duplicates count once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Selection<T>(Vec<T>);

impl<T> Selection<T> {
    pub(crate) const fn new(entries: Vec<T>) -> Self {
        Self(entries)
    }

    /// The entries in their order.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }
}

fn none_beside_others() -> ParseError {
    ParseError::new("\"none\" must stand alone").with_help("write [] or [\"none\"] for no entry at all")
}

impl<'de, T: ConfigValue + PartialEq> Deserialize<'de> for Selection<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);

        /// An entry as it is written; `none` is judged when the whole list is known.
        enum Entry<T> {
            None,
            Some(T),
        }

        impl<T: ConfigValue> ConfigValue for Entry<T> {
            const EXPECTED: &'static str = T::EXPECTED;

            fn parse_str(text: &str) -> Result<Self, ParseError> {
                if text == "none" { Ok(Self::None) } else { T::parse_str(text).map(Self::Some) }
            }
        }

        impl<'de, T: ConfigValue> Deserialize<'de> for Entry<T> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                value::deserialize(deserializer)
            }
        }

        impl<'de, T: ConfigValue + PartialEq> de::Visitor<'de> for Visitor<T> {
            type Value = Selection<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Selection<T>, A::Error> {
                let mut entries = Vec::new();
                let mut nones = 0;
                while let Some(entry) = seq.next_element::<Entry<T>>()? {
                    match entry {
                        Entry::None => nones += 1,
                        Entry::Some(entry) if !entries.contains(&entry) => entries.push(entry),
                        Entry::Some(_) => {}
                    }
                }
                if nones > 0 && !entries.is_empty() {
                    return Err(de::Error::custom(none_beside_others()));
                }
                Ok(Selection(entries))
            }
        }

        deserializer.deserialize_seq(Visitor(PhantomData))
    }
}
