//! The keys of `autotelemetry.toml`, as plain structs.
//!
//! One file per table, and one for each kind of value. Nothing here knows where a value came from or what is built of
//! it. The documentation of the fields is written for operators.

mod batch;
mod console;
mod diagnostics;
mod file;
pub(crate) mod key_path;
mod limits;
mod logs;
mod metrics;
mod otlp;
mod prometheus;
pub(crate) mod proxies;
mod service;
mod settings;
mod signal;
mod traces;
pub(crate) mod validate;
pub(crate) mod value;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::{
    batch::{LogBatch, SpanBatch},
    console::{Color, Console, Format, Stream},
    diagnostics::Diagnostics,
    file::{File, FileFormat, FilePrefix, Rotation},
    limits::{AttributeLimits, Count, LogLimits, SpanLimits},
    logs::Logs,
    metrics::{Metrics, Temporality},
    otlp::{
        Attempts, Compression, Otlp, OtlpProtocol, OtlpSettings, OtlpSignal, Retry, RetrySettings, Tls,
        TlsFiles,
    },
    prometheus::{Prometheus, UrlPath},
    service::{Resource, Service},
    signal::{ExporterName, Propagator, Selection, Signal},
    traces::{Sampler, Traces},
    value::{
        NonEmptyString,
        attribute::AttributeValue,
        duration::{Period, Timeout},
        endpoint::Endpoint,
        header::{HeaderName, Headers, SecretString},
        log_filter::{LevelFilter, LogFilter},
        number::{Bounded, Port, SamplingRatio, Size},
    },
};
pub(crate) use self::{proxies::Proxies, settings::Settings};
pub(crate) use value::{
    duration::{HELP as DURATION_HELP, format as format_duration},
    endpoint::port_is_good,
};

/// Everything that can be configured, after all sources were merged.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// `true` switches all telemetry off: nothing is exported, no port is opened, no thread runs. The propagators keep
    /// working.
    pub disabled: bool,

    /// The profile to apply when neither `AUTOTEL_PROFILE` nor the program names one.
    pub profile: Option<NonEmptyString>,

    /// How trace context travels to and from other services, any of `tracecontext` and `baggage`.
    pub propagators: Selection<Propagator>,

    /// The time that flushing and shutting down may take, for all signals together.
    pub shutdown_timeout: Period<1>,

    /// The service that the telemetry describes.
    pub service: Service,

    /// What else describes the source of the telemetry.
    pub resource: Resource,

    /// Limits for the attributes of spans and log records.
    pub attribute_limits: AttributeLimits,

    /// The destination of the exporter `otlp`.
    pub otlp: Otlp,

    /// Further OTLP destinations, each with a name of its own.
    pub exporters: BTreeMap<String, Otlp>,

    /// The exporter `console`.
    pub console: Console,

    /// The exporter `file`.
    pub file: File,

    /// The exporter `prometheus`.
    pub prometheus: Prometheus,

    /// Spans.
    pub traces: Traces,

    /// Metrics.
    pub metrics: Metrics,

    /// Log records.
    pub logs: Logs,

    /// What telemetry says about itself.
    pub diagnostics: Diagnostics,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            disabled: false,
            profile: None,
            propagators: Selection::new(vec![Propagator::TraceContext, Propagator::Baggage]),
            shutdown_timeout: Period::from_millis(5_000),
            service: Service::default(),
            resource: Resource::default(),
            attribute_limits: AttributeLimits::default(),
            otlp: Otlp::default(),
            exporters: BTreeMap::new(),
            console: Console::default(),
            file: File::default(),
            prometheus: Prometheus::default(),
            traces: Traces::default(),
            metrics: Metrics::default(),
            logs: Logs::default(),
            diagnostics: Diagnostics::default(),
        }
    }
}

impl Config {
    /// The exporters of one signal, those that follow from other keys included.
    #[must_use]
    pub fn exporters(&self, signal: Signal) -> &[ExporterName] {
        let chosen = match signal {
            Signal::Traces => &self.traces.exporters,
            Signal::Metrics => &self.metrics.exporters,
            Signal::Logs => &self.logs.exporters,
        };
        match (chosen, signal, self.otlp.has_endpoint(signal)) {
            (Some(chosen), ..) => chosen.as_slice(),
            (None, Signal::Logs, true) => &[ExporterName::Console, ExporterName::Otlp],
            (None, Signal::Logs, false) => &[ExporterName::Console],
            (None, _, true) => &[ExporterName::Otlp],
            (None, _, false) => &[],
        }
    }

    /// The limits of log records.
    #[must_use]
    pub fn log_limits(&self) -> AttributeLimits {
        self.logs.limits.or(self.attribute_limits)
    }

    /// The limits of the attributes of spans.
    #[must_use]
    pub fn span_limits(&self) -> AttributeLimits {
        self.traces.limits.or(self.attribute_limits)
    }

    /// What the names of log files begin with.
    #[must_use]
    pub fn file_prefix(&self) -> FilePrefix {
        let service = self.service.name.as_ref().map_or("service", NonEmptyString::as_str);
        self.file.prefix.clone().unwrap_or_else(|| FilePrefix::of(service))
    }

    /// The signals that go nowhere because nobody said where to.
    pub(crate) fn signals_without_choice(&self) -> Vec<Signal> {
        let chosen = |signal| match signal {
            Signal::Traces => self.traces.exporters.is_some(),
            Signal::Metrics => self.metrics.exporters.is_some(),
            Signal::Logs => self.logs.exporters.is_some(),
        };
        let nowhere =
            |signal: &Signal| !self.disabled && !chosen(*signal) && self.exporters(*signal).is_empty();
        Signal::ALL.into_iter().filter(nowhere).collect()
    }

    /// What is used to send `signal` to an exporter that speaks OTLP; `None` for the others.
    #[must_use]
    pub fn otlp_settings(&self, exporter: &ExporterName, signal: Signal) -> Option<OtlpSettings> {
        match exporter {
            ExporterName::Otlp => Some(self.otlp.settings(signal)),
            ExporterName::Named(name) => self.exporters.get(name).map(|otlp| otlp.settings(signal)),
            ExporterName::Console | ExporterName::File | ExporterName::Prometheus => None,
        }
    }
}
