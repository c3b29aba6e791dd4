//! The keys of `autotelemetry.toml`, as plain structs.
//!
//! There is one file per table, and one per type of value in [`value`]. Nothing here depends on the
//! source of a value or on the pipeline built from it. The documentation of the fields is written
//! for operators: it becomes the JSON Schema and `config-examples/reference.toml`.

mod batch;
mod console;
mod destination_keys;
mod detector;
mod diagnostics;
mod exporter_name;
mod file;
mod inherit;
pub(crate) mod key_path;
mod limits;
mod logs;
mod metrics;
pub(crate) mod no_proxy;
mod otlp;
mod otlp_file;
mod prometheus;
mod propagator;
pub(crate) mod proxies;
mod redact;
mod registered;
mod reload;
pub(crate) mod resolve;
mod resolved;
pub(crate) mod restart;
mod rolling_file;
pub(crate) mod sampler;
pub(crate) mod scope;
mod service;
mod settings;
mod signal;
mod traces;
pub(crate) mod validate;
pub(crate) mod value;
mod view;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use self::{
    batch::BatchSettings,
    console::{Color, Console, Format, Stream},
    detector::DetectorName,
    diagnostics::Diagnostics,
    exporter_name::{ExporterList, ExporterName},
    file::{File, FileFormat, Rotation},
    limits::{AttributeLimits, EffectiveLimits, SpanLimits},
    logs::Logs,
    metrics::{HistogramAggregation, Metrics, Temporality},
    otlp::{Compression, Otlp},
    otlp_file::OtlpFile,
    prometheus::Prometheus,
    propagator::{PropagatorList, PropagatorName},
    proxies::Proxies,
    redact::{Redact, RedactAction},
    registered::Registered,
    reload::Reload,
    resolve::{OtlpSettings, RetrySettings, TlsFiles},
    rolling_file::{OtlpLines, RollingFileSettings},
    sampler::{Sampler, SamplerName, SamplerTree},
    scope::{LogScopeRule, ScopeRule},
    service::{Resource, Service},
    settings::Settings,
    traces::Traces,
    value::{
        boundaries::Boundaries,
        duration::{HELP as DURATION_HELP, Interval, Timeout, format as format_duration},
        endpoint::{Endpoint, port_is_good},
        file_path::FilePath,
        header::Headers,
        include_exclude::IncludeExclude,
        level_filter::LevelFilter,
        log_filter::LogFilter,
        number::{Count, MaxScale, MaxSize, SamplingRatio},
        own_or::OwnOr,
        pattern::Pattern,
        string::NonEmptyString,
    },
    view::{InstrumentType, View, ViewAggregation},
};
pub use self::{otlp::OtlpProtocol, signal::Signal, value::attribute_value::AttributeValue};
#[cfg(feature = "prometheus")]
pub(crate) use self::{
    prometheus::{TranslationStrategy, UrlPath},
    value::metric_prefix::MetricPrefix,
};
use value::duration::at_least;

/// All keys, merged from all sources.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// `true` disables all telemetry: nothing is exported, no port is opened, no thread is started.
    /// The propagators keep working.
    pub(crate) disabled: bool,

    /// The profile to apply when neither `AUTOTEL_PROFILE` nor the program selects one.
    pub(crate) profile: Option<NonEmptyString>,

    /// The formats that pass trace context and baggage between services: any of `tracecontext`,
    /// `baggage`, `b3`, `b3multi`, `jaeger`, `ottrace` and `xray`. Requests are read in this order;
    /// of several valid parents, the last one counts.
    pub(crate) propagators: PropagatorList,

    /// The deadline of a flush and of the shutdown, at least 1 ms. All signals share it.
    #[serde(deserialize_with = "at_least::<1, _, _>")]
    pub(crate) shutdown_timeout: Interval,

    /// The service that emits the telemetry.
    pub(crate) service: Service,

    /// Additional resource attributes.
    pub(crate) resource: Resource,

    /// Removal of secrets and personal data from attributes.
    pub(crate) redact: Redact,

    /// Limits for the attributes of spans and log records.
    pub(crate) attribute_limits: AttributeLimits,

    /// The destination of the exporter `otlp`.
    pub(crate) otlp: Otlp,

    /// Additional OTLP destinations by name.
    #[cfg_attr(feature = "schema", schemars(extend("propertyNames" = exporter_name::free_names())))]
    pub(crate) exporters: BTreeMap<String, Otlp>,

    /// The exporter `console`.
    pub(crate) console: Console,

    /// The exporter `file`.
    pub(crate) file: File,

    /// The exporter `otlp_file`: all signals as lines of OTLP in JSON, a batch in each line, for a
    /// Collector that reads files or what containers print. The exporter `otlp/stdout` writes the
    /// same lines to standard output and needs no keys.
    pub(crate) otlp_file: OtlpFile,

    /// The exporter `prometheus`.
    pub(crate) prometheus: Prometheus,

    /// Sampling and export of spans.
    pub(crate) traces: Traces,

    /// Export of metrics.
    pub(crate) metrics: Metrics,

    /// Filtering and export of log records.
    pub(crate) logs: Logs,

    /// Diagnostics about the telemetry itself.
    pub(crate) diagnostics: Diagnostics,

    /// Changes of the configuration file while the program runs.
    pub(crate) reload: Reload,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            disabled: false,
            profile: None,
            propagators: PropagatorList::new(
                [PropagatorName::TraceContext, PropagatorName::Baggage].map(OwnOr::BuiltIn).to_vec(),
            ),
            shutdown_timeout: Interval::from_millis(5_000),
            service: Service::default(),
            resource: Resource::default(),
            redact: Redact::default(),
            attribute_limits: AttributeLimits::default(),
            otlp: Otlp::default(),
            exporters: BTreeMap::new(),
            console: Console::default(),
            file: File::default(),
            otlp_file: OtlpFile::default(),
            prometheus: Prometheus::default(),
            traces: Traces::default(),
            metrics: Metrics::default(),
            logs: Logs::default(),
            diagnostics: Diagnostics::default(),
            reload: Reload::default(),
        }
    }
}
