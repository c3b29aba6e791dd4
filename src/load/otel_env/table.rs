//! The variables in the order of the specification, each with the key that it sets.

/// The effect of a variable.
pub(crate) enum Effect {
    /// Sets a key.
    Set(&'static str, Codec),
    /// `OTEL_RESOURCE_ATTRIBUTES`: sets attributes, and the keys of `[service]` for some of them.
    ResourceAttributes,
    /// `OTEL_TRACES_SAMPLER`: sets the sampler, sometimes together with its argument.
    Sampler,
    /// `OTEL_TRACES_SAMPLER_ARG`: has an effect only together with `OTEL_TRACES_SAMPLER`.
    SamplerArg,
    /// Known but unsupported, for this reason.
    Refused(&'static str),
}

/// The syntax of a value. See the specification, "Environment Variable Specification".
#[derive(Clone, Copy)]
pub(crate) enum Codec {
    Text,
    /// Only `true` is true.
    Boolean,
    /// An integer, decimal or hexadecimal.
    Integer,
    /// An integer number of milliseconds.
    Millis,
    /// A word in any case.
    Enum,
    /// Words separated by commas.
    EnumList,
    /// `k=v,k2=v2`, percent-encoded; an invalid entry is skipped.
    Headers,
    /// A level in any case, also by the words of other SDKs, such as `none` and `verbose`.
    LevelFilter,
    /// `RUST_LOG`, a convention of Rust programs: a target without a level enables all its levels.
    RustLog,
}

use Codec::{Boolean, Enum, EnumList, Headers, Integer, LevelFilter, Millis, RustLog, Text};
use Effect::{Refused, ResourceAttributes, Sampler, SamplerArg, Set};

const NOT_YET: &str = "is not supported by this version of autotelemetry";
const ZIPKIN: &str = "has no effect: the Zipkin exporter is deprecated and not supported";

/// The weaker of two variables for one key comes first.
#[rustfmt::skip]
pub(crate) const VARIABLES: &[(&str, Effect)] = &[
    ("OTEL_SDK_DISABLED",                              Set("disabled", Boolean)),
    ("OTEL_RESOURCE_ATTRIBUTES",                       ResourceAttributes),
    ("OTEL_SERVICE_NAME",                              Set("service.name", Text)),
    ("OTEL_LOG_LEVEL",                                 Set("diagnostics.level", LevelFilter)),
    ("OTEL_PROPAGATORS",                               Set("propagators", EnumList)),
    ("OTEL_TRACES_SAMPLER",                            Sampler),
    ("OTEL_TRACES_SAMPLER_ARG",                        SamplerArg),

    ("OTEL_BSP_SCHEDULE_DELAY",                        Set("traces.batch.schedule_delay", Millis)),
    ("OTEL_BSP_EXPORT_TIMEOUT",                        Set("traces.batch.export_timeout", Millis)),
    ("OTEL_BSP_MAX_QUEUE_SIZE",                        Set("traces.batch.max_queue_size", Integer)),
    ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE",                 Set("traces.batch.max_export_batch_size", Integer)),
    ("OTEL_BLRP_SCHEDULE_DELAY",                       Set("logs.batch.schedule_delay", Millis)),
    ("OTEL_BLRP_EXPORT_TIMEOUT",                       Set("logs.batch.export_timeout", Millis)),
    ("OTEL_BLRP_MAX_QUEUE_SIZE",                       Set("logs.batch.max_queue_size", Integer)),
    ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",                Set("logs.batch.max_export_batch_size", Integer)),

    ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",              Set("attribute_limits.attribute_value_length_limit", Integer)),
    ("OTEL_ATTRIBUTE_COUNT_LIMIT",                     Set("attribute_limits.attribute_count_limit", Integer)),
    ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",         Set("traces.limits.attribute_value_length_limit", Integer)),
    ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",                Set("traces.limits.attribute_count_limit", Integer)),
    ("OTEL_SPAN_EVENT_COUNT_LIMIT",                    Set("traces.limits.event_count_limit", Integer)),
    ("OTEL_SPAN_LINK_COUNT_LIMIT",                     Set("traces.limits.link_count_limit", Integer)),
    ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",               Set("traces.limits.event_attribute_count_limit", Integer)),
    ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",                Set("traces.limits.link_attribute_count_limit", Integer)),
    ("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",    Set("logs.limits.attribute_value_length_limit", Integer)),
    ("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",           Set("logs.limits.attribute_count_limit", Integer)),

    ("OTEL_EXPORTER_OTLP_ENDPOINT",                    Set("otlp.endpoint", Text)),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",             Set("otlp.traces.endpoint", Text)),
    ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",            Set("otlp.metrics.endpoint", Text)),
    ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",               Set("otlp.logs.endpoint", Text)),
    ("OTEL_EXPORTER_OTLP_PROTOCOL",                    Set("otlp.protocol", Enum)),
    ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",             Set("otlp.traces.protocol", Enum)),
    ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",            Set("otlp.metrics.protocol", Enum)),
    ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL",               Set("otlp.logs.protocol", Enum)),
    ("OTEL_EXPORTER_OTLP_HEADERS",                     Set("otlp.headers", Headers)),
    ("OTEL_EXPORTER_OTLP_TRACES_HEADERS",              Set("otlp.traces.headers", Headers)),
    ("OTEL_EXPORTER_OTLP_METRICS_HEADERS",             Set("otlp.metrics.headers", Headers)),
    ("OTEL_EXPORTER_OTLP_LOGS_HEADERS",                Set("otlp.logs.headers", Headers)),
    ("OTEL_EXPORTER_OTLP_TIMEOUT",                     Set("otlp.timeout", Millis)),
    ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",              Set("otlp.traces.timeout", Millis)),
    ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT",             Set("otlp.metrics.timeout", Millis)),
    ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT",                Set("otlp.logs.timeout", Millis)),
    ("OTEL_EXPORTER_OTLP_COMPRESSION",                 Set("otlp.compression", Enum)),
    ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",          Set("otlp.traces.compression", Enum)),
    ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION",         Set("otlp.metrics.compression", Enum)),
    ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION",            Set("otlp.logs.compression", Enum)),

    ("OTEL_EXPORTER_OTLP_INSECURE",                    Set("otlp.tls.insecure", Boolean)),
    ("OTEL_EXPORTER_OTLP_SPAN_INSECURE",               Set("otlp.traces.tls.insecure", Boolean)),
    ("OTEL_EXPORTER_OTLP_METRIC_INSECURE",             Set("otlp.metrics.tls.insecure", Boolean)),
    ("OTEL_EXPORTER_OTLP_TRACES_INSECURE",             Set("otlp.traces.tls.insecure", Boolean)),
    ("OTEL_EXPORTER_OTLP_METRICS_INSECURE",            Set("otlp.metrics.tls.insecure", Boolean)),
    ("OTEL_EXPORTER_OTLP_LOGS_INSECURE",               Set("otlp.logs.tls.insecure", Boolean)),
    ("OTEL_EXPORTER_OTLP_CERTIFICATE",                 Set("otlp.tls.ca_file", Text)),
    ("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",          Set("otlp.traces.tls.ca_file", Text)),
    ("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE",         Set("otlp.metrics.tls.ca_file", Text)),
    ("OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE",            Set("otlp.logs.tls.ca_file", Text)),
    ("OTEL_EXPORTER_OTLP_CLIENT_KEY",                  Set("otlp.tls.key_file", Text)),
    ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",           Set("otlp.traces.tls.key_file", Text)),
    ("OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY",          Set("otlp.metrics.tls.key_file", Text)),
    ("OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY",             Set("otlp.logs.tls.key_file", Text)),
    ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",          Set("otlp.tls.cert_file", Text)),
    ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE",   Set("otlp.traces.tls.cert_file", Text)),
    ("OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE",  Set("otlp.metrics.tls.cert_file", Text)),
    ("OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE",     Set("otlp.logs.tls.cert_file", Text)),

    ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",        Set("metrics.temporality", Enum)),
    ("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", Set("metrics.histogram_aggregation", Enum)),
    ("OTEL_EXPORTER_PROMETHEUS_HOST",                  Set("prometheus.host", Text)),
    ("OTEL_EXPORTER_PROMETHEUS_PORT",                  Set("prometheus.port", Integer)),
    ("OTEL_TRACES_EXPORTER",                           Set("traces.exporters", EnumList)),
    ("OTEL_METRICS_EXPORTER",                          Set("metrics.exporters", EnumList)),
    ("OTEL_LOGS_EXPORTER",                             Set("logs.exporters", EnumList)),
    ("OTEL_METRICS_EXEMPLAR_FILTER",                    Set("metrics.exemplar_filter", Enum)),
    ("OTEL_METRIC_EXPORT_INTERVAL",                    Set("metrics.interval", Millis)),
    ("OTEL_METRIC_EXPORT_TIMEOUT",                     Set("metrics.timeout", Millis)),

    ("OTEL_ENTITIES",                                  Refused(NOT_YET)),
    ("OTEL_EXPORTER_ZIPKIN_ENDPOINT",                  Refused(ZIPKIN)),
    ("OTEL_EXPORTER_ZIPKIN_TIMEOUT",                   Refused(ZIPKIN)),
    ("OTEL_EXPORTER_ZIPKIN_PROTOCOL",                  Refused(ZIPKIN)),

    ("RUST_LOG",                                       Set("logs.level", RustLog)),
];
