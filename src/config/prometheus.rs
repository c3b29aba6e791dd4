//! `[prometheus]`: metrics that are scraped.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::value::{ConfigValue, ParseError, number::Port, string::NonEmptyString, string_value};

/// The exporter `prometheus` and its HTTP server. Add `"prometheus"` to `metrics.exporters` to use
/// it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own")]
pub(crate) struct Prometheus {
    /// The host name or address to listen on. `0.0.0.0` or `::` allow other hosts to scrape.
    pub(crate) host: NonEmptyString,

    /// The port to listen on; 0 selects any free port.
    pub(crate) port: Port,

    /// The path to scrape.
    pub(crate) path: UrlPath,

    /// Exposes the resource attributes as labels of the metric `target_info`.
    pub(crate) target_info: bool,

    /// Adds the name and version of the meter to every sample as `otel_scope_…` labels.
    pub(crate) scope_info: bool,

    /// Appends units to the names of metrics (`_seconds`).
    pub(crate) unit_suffixes: bool,

    /// Appends `_total` to the names of counters.
    pub(crate) counter_suffixes: bool,

    /// A prefix of all metric names.
    pub(crate) namespace: Option<NonEmptyString>,

    /// Resource attributes to add to every sample as labels.
    pub(crate) resource_labels: Vec<String>,
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
pub(crate) struct UrlPath(String);

impl UrlPath {
    /// Returns the path.
    #[cfg(feature = "prometheus")]
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
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
            return Err(ParseError::new(format!("{text:?} does not start with a slash"))
                .with_help(format!("write \"/{text}\"")));
        }
        if text.contains(['?', '#']) || text.parse::<http::Uri>().is_err() {
            return Err(ParseError::new(format!("{text:?} is not a path")));
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(UrlPath);
