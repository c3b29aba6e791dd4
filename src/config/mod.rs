//! The keys of `autotelemetry.toml`, as plain structs.
//!
//! One file per table, and one for each kind of value. Nothing here knows where a value came from or what is built of
//! it. The documentation of the fields is written for operators.

mod batch;
mod console;
mod diagnostics;
mod exporter_name;
mod file;
mod inherit;
pub(crate) mod key_path;
mod limits;
mod logs;
mod metrics;
mod otlp;
mod prometheus;
mod propagator;
pub(crate) mod proxies;
pub(crate) mod resolve;
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
    exporter_name::{ExporterList, ExporterName},
    file::{File, FileFormat, FilePrefix, Rotation},
    limits::{AttributeLimits, LogLimits, SpanLimits},
    logs::Logs,
    metrics::{Metrics, Temporality},
    otlp::{Compression, Otlp, OtlpProtocol, OtlpSignal, Retry, Tls},
    prometheus::{Prometheus, UrlPath},
    propagator::{Propagator, PropagatorList},
    resolve::{OtlpSettings, RetrySettings, TlsFiles, TlsSettings},
    service::{Resource, Service},
    signal::Signal,
    traces::{Sampler, Traces},
    value::{
        attribute::AttributeValue,
        duration::{Interval, Timeout},
        endpoint::Endpoint,
        file_path::FilePath,
        header::{HeaderName, Headers, SecretString},
        list::List,
        log_filter::{LevelFilter, LogFilter},
        number::{Attempts, Count, Port, SamplingRatio, Size},
        string::NonEmptyString,
    },
};
pub(crate) use self::{proxies::Proxies, settings::Settings};
use value::duration::at_least;
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
    pub propagators: PropagatorList,

    /// The time that flushing and shutting down may take, for all signals together.
    #[serde(deserialize_with = "at_least::<1, _, _>")]
    pub shutdown_timeout: Interval,

    /// The service that the telemetry describes.
    pub service: Service,

    /// What else describes the source of the telemetry.
    pub resource: Resource,

    /// Limits for the attributes of spans and log records.
    pub attribute_limits: AttributeLimits,

    /// The destination of the exporter `otlp`.
    pub otlp: Otlp,

    /// Further OTLP destinations, each with a name of its own.
    #[cfg_attr(feature = "schema", schemars(extend("propertyNames" = exporter_name::free_names())))]
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
            propagators: PropagatorList::new(vec![Propagator::TraceContext, Propagator::Baggage]),
            shutdown_timeout: Interval::from_millis(5_000),
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
