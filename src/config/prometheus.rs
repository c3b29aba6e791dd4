//! `[prometheus]`: metrics to be scraped.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::value::{ConfigValue, ParseError, number::Port, string::NonEmptyString, string_value};

/// The Prometheus exporter and the server that it is scraped from. Add `"prometheus"` to `metrics.exporters` to use it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own")]
#[non_exhaustive]
pub struct Prometheus {
    /// The name or address to listen on. `0.0.0.0` or `::` lets other hosts scrape.
    pub host: NonEmptyString,

    /// The port to listen on; 0 takes any free one.
    pub port: Port,

    /// The path of the page.
    pub path: UrlPath,

    /// Whether the resource attributes are shown as the labels of a metric `target_info`.
    pub target_info: bool,

    /// Whether every sample carries the name and version of its meter as `otel_scope_…` labels.
    pub scope_info: bool,

    /// Whether units are appended to the names of metrics (`_seconds`).
    pub unit_suffixes: bool,

    /// Whether `_total` is appended to the names of counters.
    pub counter_suffixes: bool,

    /// A prefix for the names of all metrics.
    pub namespace: Option<NonEmptyString>,

    /// Resource attributes to repeat as labels on every sample.
    pub resource_labels: Vec<String>,
}

impl Default for Prometheus {
    fn default() -> Self {
        Self {
            host: NonEmptyString::from_static("localhost"),
            port: Port::new(9464),
            path: UrlPath("/metrics".into()),
            target_info: true,
            scope_info: true,
            unit_suffixes: true,
            counter_suffixes: true,
            namespace: None,
            resource_labels: Vec::new(),
        }
    }
}

/// An absolute path on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlPath(String);

impl UrlPath {
    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UrlPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ConfigValue for UrlPath {
    const EXPECTED: &'static str = "a path such as \"/metrics\"";
    const PATTERN: Option<&'static str> = Some("^/[^?#]*$");

    fn parse_str(text: &str) -> Result<Self, ParseError> {
        if !text.starts_with('/') {
            return Err(ParseError::new(format!("{text:?} does not begin with a slash"))
                .with_help(format!("write \"/{text}\"")));
        }
        if text.contains(['?', '#']) || text.parse::<http::Uri>().is_err() {
            return Err(ParseError::new(format!("{text:?} is not a path")));
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(UrlPath);
