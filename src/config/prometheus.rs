//! `[prometheus]`: metrics that are scraped.

#[cfg(feature = "prometheus")]
use std::borrow::Cow;
use std::fmt;

#[cfg(feature = "prometheus")]
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use super::value::{
    ConfigValue, ParseError, include_exclude::IncludeExclude, listen_host::ListenHost,
    metric_prefix::MetricPrefix, number::Port, string_enum, string_value,
};

/// The exporter `prometheus` and its HTTP server. Add `"prometheus"` to `metrics.exporters` to use
/// it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Prometheus {
    /// Serves the page on `host` and `port`. With `false`, the program serves it: its web server
    /// calls `ObservabilityTools::prometheus_metrics`.
    pub(crate) listen: bool,

    /// The host name or address to listen on. `0.0.0.0` or `::` allow other hosts to scrape.
    pub(crate) host: ListenHost,

    /// The port to listen on; 0 selects any free port.
    pub(crate) port: Port,

    /// The path to scrape.
    pub(crate) path: UrlPath,

    /// Exposes the resource attributes as labels of the metric `target_info`.
    pub(crate) target_info: bool,

    /// Adds the name, version, schema URL and attributes of the meter to every sample, as
    /// `otel_scope_…` labels.
    pub(crate) scope_info: bool,

    /// The names of metrics and labels: their characters, and the suffixes of metrics, which are
    /// the unit and, for counters, `_total`. With `no_utf8_escaping_with_suffixes` and
    /// `no_translation`, characters other than letters, digits and `_` reach Prometheus 3. For
    /// other clients, they become `_`.
    pub(crate) translation_strategy: TranslationStrategy,

    /// A prefix of all metric names.
    pub(crate) namespace: Option<MetricPrefix>,

    /// Resource attributes to add to every sample as labels. `*` and `?` are wildcards:
    /// `"k8s.*"` selects all attributes that begin with `k8s.`. A table with the lists `included`
    /// and `excluded` leaves some out; without `included`, it selects all others. `target_info`
    /// always has all attributes.
    pub(crate) resource_labels: IncludeExclude,
}

impl Default for Prometheus {
    fn default() -> Self {
        Self {
            listen: true,
            host: ListenHost::localhost(),
            port: Port::new(9464),
            path: UrlPath("/metrics".into()),
            target_info: true,
            scope_info: true,
            translation_strategy: TranslationStrategy::UnderscoreEscapingWithSuffixes,
            namespace: None,
            resource_labels: IncludeExclude::none(),
        }
    }
}

string_enum! {
    /// The translation of metric names.
    pub(crate) enum TranslationStrategy {
        /// `request.duration` in `s` becomes `request_duration_seconds`.
        UnderscoreEscapingWithSuffixes = "underscore_escaping_with_suffixes",
        /// `request.duration` in `s` becomes `request_duration`.
        UnderscoreEscapingWithoutSuffixes = "underscore_escaping_without_suffixes",
        /// `request.duration` in `s` becomes `request.duration_seconds`.
        NoUtf8EscapingWithSuffixes = "no_utf8_escaping_with_suffixes",
        /// `request.duration` in `s` stays `request.duration`.
        NoTranslation = "no_translation",
    }
}

/// An absolute path on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UrlPath(String);

impl UrlPath {
    /// Returns whether `requested`, the path of a request, is this path.
    ///
    /// Clients percent-encode different characters. Prometheus also encodes the `%` of a path that
    /// is already encoded.
    #[cfg(feature = "prometheus")]
    #[must_use]
    pub(crate) fn matches(&self, requested: &str) -> bool {
        let decoded: Cow<'_, [u8]> = percent_decode_str(requested).into();
        decoded == self.0.as_bytes() || decoded == Cow::from(percent_decode_str(&self.0))
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
