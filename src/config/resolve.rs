//! Resolves inherited values, and defaults that depend on other keys.
//!
//! Pipelines, validation and `explain` all read the values that are resolved here.

use std::time::Duration;

use http::uri::Scheme;
use serde::Serialize;

use super::{
    Config,
    exporter_name::{ExporterList, ExporterName},
    key_path::{KeyPath, key_path},
    limits::{AttributeLimits, EffectiveLimits, LogLimits, SpanLimits},
    otlp::{Compression, Otlp, OtlpProtocol, OtlpSignal, Retry, Tls},
    signal::Signal,
    value::{
        byte_size::ByteSize,
        duration::{self, Interval, Timeout},
        endpoint::Endpoint,
        file_path::FilePath,
        header::Headers,
        number::{Attempts, Count, ValueDepth},
        word::{self, Word},
    },
};

/// The effective settings for one signal and one OTLP destination.
///
/// It serializes like a table of one signal, such as `[otlp.traces]`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct OtlpSettings {
    /// The transport and encoding.
    #[serde(serialize_with = "word::serialize")]
    pub(crate) protocol: OtlpProtocol,
    /// The full URL; for grpc, without a path.
    pub(crate) endpoint: Endpoint,
    /// The headers to send.
    pub(crate) headers: Headers,
    /// The compression of requests.
    pub(crate) compression: Compression,
    /// The limit for one export.
    pub(crate) timeout: Timeout,
    /// The largest request, before compression.
    pub(crate) max_request_size: ByteSize,
    /// The largest response that is read, after decompression.
    pub(crate) max_response_size: ByteSize,
    /// Encryption of the connection.
    pub(crate) tls: TlsSettings,
    /// Retries of failed requests.
    pub(crate) retry: RetrySettings,
}

/// The effective encryption for one signal and one destination.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct TlsSettings {
    /// Uses `http://` for an endpoint without a scheme. The resolved endpoint has that scheme.
    pub(crate) insecure: bool,
    /// The files of certificates and keys.
    #[serde(flatten)]
    pub(crate) files: TlsFiles,
}

/// The files of certificates and keys.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names of the keys")]
pub(crate) struct TlsFiles {
    /// The certificates of the trusted authorities; without one, those of the operating system.
    pub(crate) ca_file: Option<FilePath>,
    /// The client certificate.
    pub(crate) cert_file: Option<FilePath>,
    /// The private key of that certificate.
    pub(crate) key_file: Option<FilePath>,
}

/// The effective retries of failed requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct RetrySettings {
    /// The maximum number of attempts.
    pub(crate) max_attempts: Option<u32>,
    /// The first delay.
    #[serde(serialize_with = "duration::serialize")]
    pub(crate) initial_backoff: Duration,
    /// The maximum delay.
    #[serde(serialize_with = "duration::serialize")]
    pub(crate) max_backoff: Duration,
}

impl Otlp {
    /// Resolves inheritance and defaults for one signal.
    #[must_use]
    pub(crate) fn settings(&self, signal: Signal) -> OtlpSettings {
        OtlpSettings::new(self.inherited(signal), |endpoint| match self.signal(signal).endpoint {
            Some(_) => endpoint,
            None => endpoint.join(&format!("v1/{signal}")),
        })
    }
}

impl OtlpSettings {
    /// Resolves the defaults of `table`. `to_url` completes an endpoint for HTTP.
    pub(super) fn new(table: OtlpSignal, to_url: impl FnOnce(Endpoint) -> Endpoint) -> Self {
        let OtlpSignal {
            protocol,
            endpoint,
            headers,
            compression,
            timeout,
            max_request_size,
            max_response_size,
            tls,
            retry,
        } = table;
        let Word(protocol) = protocol.unwrap_or(Word(OtlpProtocol::HttpProtobuf));
        let tls = TlsSettings::new(tls);
        let endpoint = endpoint.unwrap_or_else(|| Endpoint::localhost(protocol.default_port()));
        let endpoint = match protocol {
            OtlpProtocol::Grpc => {
                endpoint.without_path().or_scheme(if tls.insecure { Scheme::HTTP } else { Scheme::HTTPS })
            }
            // An endpoint without a scheme is refused when the configuration is validated.
            OtlpProtocol::HttpProtobuf | OtlpProtocol::HttpJson => to_url(endpoint),
        };
        Self {
            protocol,
            endpoint,
            headers: headers.unwrap_or_default(),
            compression: compression.unwrap_or(Compression::None),
            timeout: timeout.unwrap_or(Timeout::from_secs(10)),
            max_request_size: max_request_size.unwrap_or(ByteSize::from_mib(4)),
            max_response_size: max_response_size.unwrap_or(ByteSize::from_mib(4)),
            tls,
            retry: RetrySettings::new(&retry),
        }
    }
}

impl TlsSettings {
    fn new(tls: Tls) -> Self {
        let Tls { insecure, ca_file, cert_file, key_file } = tls;
        Self { insecure: insecure.unwrap_or(false), files: TlsFiles { ca_file, cert_file, key_file } }
    }
}

impl RetrySettings {
    const INITIAL: Duration = Duration::from_millis(200);
    const LONGEST: Duration = Duration::from_secs(5);

    fn new(retry: &Retry) -> Self {
        let Retry { max_attempts, initial_backoff, max_backoff } = *retry;
        let initial = initial_backoff.map(Interval::get);
        let longest = max_backoff.map(Interval::get);
        Self {
            max_attempts: max_attempts.map(Attempts::get),
            initial_backoff: initial.unwrap_or_else(|| longest.unwrap_or(Self::LONGEST).min(Self::INITIAL)),
            max_backoff: longest.unwrap_or_else(|| initial.unwrap_or(Self::INITIAL).max(Self::LONGEST)),
        }
    }
}

impl Config {
    /// Returns the exporters of one signal, including defaults that depend on other keys.
    #[must_use]
    pub(crate) fn exporters(&self, signal: Signal) -> &[ExporterName] {
        match (self.listed_exporters(signal), signal, self.otlp.has_endpoint(signal)) {
            (Some(listed), ..) => listed,
            (None, Signal::Logs, true) => &[ExporterName::Console, ExporterName::Otlp],
            (None, Signal::Logs, false) => &[ExporterName::Console],
            (None, _, true) => &[ExporterName::Otlp],
            (None, _, false) => &[],
        }
    }

    fn listed_exporters(&self, signal: Signal) -> Option<&[ExporterName]> {
        let list = match signal {
            Signal::Traces => &self.traces.exporters,
            Signal::Metrics => &self.metrics.exporters,
            Signal::Logs => &self.logs.exporters,
        };
        list.as_ref().map(ExporterList::as_slice)
    }

    /// Returns the signals that have no exporter because neither `exporters` nor an endpoint is
    /// set.
    pub(crate) fn signals_without_choice(&self) -> Vec<Signal> {
        let is_unset = |signal: &Signal| {
            !self.disabled && self.listed_exporters(*signal).is_none() && self.exporters(*signal).is_empty()
        };
        Signal::ALL.into_iter().filter(is_unset).collect()
    }

    /// Returns the settings of an OTLP exporter for `signal`; `None` for other exporters.
    #[must_use]
    pub(crate) fn otlp_settings(&self, exporter: &ExporterName, signal: Signal) -> Option<OtlpSettings> {
        self.otlp_table(exporter).map(|otlp| otlp.settings(signal))
    }

    /// Returns the table of an OTLP exporter; `None` for other exporters.
    pub(super) fn otlp_table(&self, exporter: &ExporterName) -> Option<&Otlp> {
        match exporter {
            ExporterName::Otlp => Some(&self.otlp),
            ExporterName::Named(name) => self.exporters.get(name),
            _ => None,
        }
    }

    /// Returns the limits of the attributes of log records.
    #[must_use]
    pub(crate) fn log_limits(&self) -> EffectiveLimits {
        let LogLimits { attribute_count_limit, attribute_value_length_limit, attribute_value_depth_limit } =
            self.logs.limits;
        let depth = attribute_value_depth_limit.unwrap_or(self.attribute_limits.attribute_value_depth_limit);
        self.effective_limits(attribute_count_limit, attribute_value_length_limit, Some(depth))
    }

    /// Returns the limits of the attributes of spans.
    #[must_use]
    pub(crate) fn span_limits(&self) -> EffectiveLimits {
        let SpanLimits { attribute_count_limit, attribute_value_length_limit, .. } = self.traces.limits;
        self.effective_limits(attribute_count_limit, attribute_value_length_limit, None)
    }

    /// Returns the limits of one signal, with absent ones taken from `[attribute_limits]`.
    fn effective_limits(
        &self,
        count: Option<Count>,
        value_length: Option<Count>,
        value_depth: Option<ValueDepth>,
    ) -> EffectiveLimits {
        let AttributeLimits {
            attribute_count_limit,
            attribute_value_length_limit,
            attribute_value_depth_limit: _,
        } = self.attribute_limits;
        EffectiveLimits {
            attribute_count_limit: count.unwrap_or(attribute_count_limit),
            attribute_value_length_limit: value_length.or(attribute_value_length_limit),
            attribute_value_depth_limit: value_depth,
        }
    }
}

/// Returns the key that an unset value at `path` derives from.
pub(crate) fn inherited_from(path: &[String]) -> Option<KeyPath> {
    let is_signal = |name: &String| Signal::ALL.iter().any(|signal| signal.as_str() == name);
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    match names.as_slice() {
        ["otlp", signal, "batch", key] | ["exporters", _, signal, "batch", key] => {
            Some(key_path(&format!("{signal}.batch.{key}")))
        }
        ["otlp", "metrics", "interval"] | ["exporters", _, "metrics", "interval"] => {
            Some(key_path("metrics.interval"))
        }
        ["otlp", _, ..] if is_signal(&path[1]) => Some([&path[..1], &path[2..]].concat()),
        ["exporters", _, _, ..] if is_signal(&path[2]) => Some([&path[..2], &path[3..]].concat()),
        [_, "limits", key] if is_signal(&path[0]) => Some(key_path(&format!("attribute_limits.{key}"))),
        ["file" | "otlp_file", "prefix"] => Some(key_path("service.name")),
        ["file" | "otlp_file", "max_size"] => Some(key_path(&format!("{}.max_total_size", path[0]))),
        ["otlp_file", "output"] => Some(key_path("otlp_file.directory")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Returns the keys of a table, those of its tables by their paths.
    fn keys(table: &impl Serialize) -> Vec<String> {
        fn add(value: &Value, path: &str, keys: &mut Vec<String>) {
            match value.as_object().filter(|table| !table.is_empty()) {
                Some(table) => {
                    table.iter().for_each(|(key, value)| add(value, &format!("{path}.{key}"), keys));
                }
                None => keys.push(path.to_owned()),
            }
        }
        let mut found = Vec::new();
        add(&serde_json::to_value(table).unwrap(), "", &mut found);
        found
    }

    #[test]
    fn resolved_settings_have_all_keys_of_their_table() {
        assert_eq!(keys(&Otlp::default().settings(Signal::Logs)), keys(&OtlpSignal::default()));
    }

    #[test]
    fn resolved_keys_follow_from_general_ones() {
        for (key, general) in [
            ("otlp.traces.tls.ca_file", Some("otlp.tls.ca_file")),
            ("exporters.vendor.logs.timeout", Some("exporters.vendor.timeout")),
            ("exporters.logs.timeout", None),
            ("exporters.vendor.logs.batch.schedule_delay", Some("logs.batch.schedule_delay")),
            ("otlp.metrics.interval", Some("metrics.interval")),
            ("logs.limits.attribute_count_limit", Some("attribute_limits.attribute_count_limit")),
            ("file.prefix", Some("service.name")),
            ("otlp.timeout", None),
        ] {
            assert_eq!(inherited_from(&key_path(key)), general.map(key_path), "{key}");
        }
    }
}
