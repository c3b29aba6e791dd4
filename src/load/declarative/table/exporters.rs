//! Exporters.

use crate::load::declarative::node_type::{
    Kind::{self, Boolean, Integer, Mapping, Range, Text, Word},
    NodeType, Row, list, mapping, scalar,
};

const ENDPOINT: Row = scalar(
    "endpoint",
    Text,
    "otlp.SIGNAL.endpoint",
    "Used unchanged. Default: `http://localhost:4318/v1/SIGNAL`.",
);
const GRPC_ENDPOINT: Row =
    scalar("endpoint", Text, "otlp.SIGNAL.endpoint", "Default: `http://localhost:4317`.");
const PAIR: &Kind = &Mapping(&NAME_STRING_VALUE_PAIR);
const HEADERS: Row = list(
    "headers",
    PAIR,
    "otlp.SIGNAL.headers",
    "Each one wins over its entry in `headers_list`. Values are secrets.",
);
const HEADERS_LIST: Row = scalar(
    "headers_list",
    Text,
    "otlp.SIGNAL.headers",
    "`name=value,name=value`, percent-encoded. A fault is an error, which shows no value.",
)
.secret();
const COMPRESSION: Row =
    scalar("compression", Text, "otlp.SIGNAL.compression", "`gzip` or `none`. Default: none.");
const REQUEST_SIZE: Row = scalar(
    "max_request_size",
    Integer(0),
    "otlp.SIGNAL.max_request_size",
    "Bytes, raised to 64000 with a warning; 0 is no limit. Default: 4194304.",
);
const RESPONSE_SIZE: Row = scalar(
    "max_response_size",
    Integer(1),
    "otlp.SIGNAL.max_response_size",
    "Bytes, raised to 64000 with a warning. Default: 4194304.",
);
const TIMEOUT: Row =
    scalar("timeout", Integer(0), "otlp.SIGNAL.timeout", "Milliseconds; 0 is no limit. Default: 10000.");
const ENCODING: Row = scalar(
    "encoding",
    Word(&["protobuf", "json"]),
    "otlp.SIGNAL.protocol",
    "`http/protobuf` (the default) or `http/json`.",
);
const TEMPORALITY: Row = scalar(
    "temporality_preference",
    Word(&["cumulative", "delta", "low_memory"]),
    "metrics.temporality",
    "All readers must agree. Default: `cumulative`.",
)
.in_part();
const HISTOGRAMS: Row = scalar(
    "default_histogram_aggregation",
    Word(&["explicit_bucket_histogram", "base2_exponential_bucket_histogram"]),
    "metrics.histogram_aggregation",
    "All readers must agree. Default: `explicit_bucket_histogram`.",
)
.in_part();
const HTTP_TLS_ROW: Row = mapping("tls", &HTTP_TLS, "otlp.SIGNAL.tls", "");
const GRPC_TLS_ROW: Row = mapping("tls", &GRPC_TLS, "otlp.SIGNAL.tls", "");
const CA_FILE: Row = scalar("ca_file", Text, "otlp.SIGNAL.tls.ca_file", "An absolute path.");
const KEY_FILE: Row =
    scalar("key_file", Text, "otlp.SIGNAL.tls.key_file", "An absolute path. Requires `cert_file`.");
const CERT_FILE: Row =
    scalar("cert_file", Text, "otlp.SIGNAL.tls.cert_file", "An absolute path. Requires `key_file`.");
const OUTPUT_STREAM: Row = scalar(
    "output_stream",
    Text,
    "otlp_file.output",
    "`stdout` (the default). `file://` URLs are refused: use `distribution.autotelemetry.otlp_file`.",
)
.in_part();
const OTLP_HTTP: &str = "The first one of a signal is `otlp`, the next ones are `otlp_2`, `otlp_3`, ….";

pub(super) static OTLP_HTTP_EXPORTER: NodeType = NodeType::nullable(
    "OtlpHttpExporter",
    &[
        ENDPOINT,
        HTTP_TLS_ROW,
        HEADERS,
        HEADERS_LIST,
        COMPRESSION,
        REQUEST_SIZE,
        RESPONSE_SIZE,
        TIMEOUT,
        ENCODING,
    ],
);
pub(super) static OTLP_GRPC_EXPORTER: NodeType = NodeType::nullable(
    "OtlpGrpcExporter",
    &[GRPC_ENDPOINT, GRPC_TLS_ROW, HEADERS, HEADERS_LIST, COMPRESSION, REQUEST_SIZE, RESPONSE_SIZE, TIMEOUT],
);
pub(super) static OTLP_HTTP_METRIC_EXPORTER: NodeType = NodeType::nullable(
    "OtlpHttpMetricExporter",
    &[
        ENDPOINT,
        HTTP_TLS_ROW,
        HEADERS,
        HEADERS_LIST,
        COMPRESSION,
        REQUEST_SIZE,
        RESPONSE_SIZE,
        TIMEOUT,
        ENCODING,
        TEMPORALITY,
        HISTOGRAMS,
    ],
);
pub(super) static OTLP_GRPC_METRIC_EXPORTER: NodeType = NodeType::nullable(
    "OtlpGrpcMetricExporter",
    &[
        GRPC_ENDPOINT,
        GRPC_TLS_ROW,
        HEADERS,
        HEADERS_LIST,
        COMPRESSION,
        REQUEST_SIZE,
        RESPONSE_SIZE,
        TIMEOUT,
        TEMPORALITY,
        HISTOGRAMS,
    ],
);
static HTTP_TLS: NodeType = NodeType::nullable("HttpTls", &[CA_FILE, KEY_FILE, CERT_FILE]);
static GRPC_TLS: NodeType = NodeType::nullable(
    "GrpcTls",
    &[
        CA_FILE,
        KEY_FILE,
        CERT_FILE,
        scalar(
            "insecure",
            Boolean,
            "otlp.SIGNAL.tls.insecure",
            "Applies to an endpoint without a scheme. Default: `false`.",
        ),
    ],
);
static NAME_STRING_VALUE_PAIR: NodeType = NodeType::new(
    "NameStringValuePair",
    &[
        scalar("name", Text, "otlp.SIGNAL.headers", "Upper and lower case are the same.")
            .required()
            .not_null(),
        scalar("value", Text, "otlp.SIGNAL.headers.NAME", "Without a value, the header is left out.")
            .required()
            .secret(),
    ],
);
pub(super) static CONSOLE_EXPORTER: NodeType = NodeType::nullable("ConsoleExporter", &[]);
pub(super) static CONSOLE_METRIC_EXPORTER: NodeType =
    NodeType::nullable("ConsoleMetricExporter", &[TEMPORALITY, HISTOGRAMS]);
pub(super) static OTLP_FILE_EXPORTER: NodeType =
    NodeType::nullable("ExperimentalOtlpFileExporter", &[OUTPUT_STREAM]);
pub(super) static OTLP_FILE_METRIC_EXPORTER: NodeType =
    NodeType::nullable("ExperimentalOtlpFileMetricExporter", &[OUTPUT_STREAM, TEMPORALITY, HISTOGRAMS]);

const OF_SPANS_AND_LOGS: &[Row] = &[
    mapping("otlp_http", &OTLP_HTTP_EXPORTER, "SIGNAL.exporters", OTLP_HTTP),
    mapping("otlp_grpc", &OTLP_GRPC_EXPORTER, "SIGNAL.exporters", "The same, with `protocol = \"grpc\"`."),
    mapping("otlp_file/development", &OTLP_FILE_EXPORTER, "SIGNAL.exporters", "The exporter `otlp_file`."),
    mapping("console", &CONSOLE_EXPORTER, "SIGNAL.exporters", "The exporter `console`."),
];
pub(super) static SPAN_EXPORTER: NodeType = NodeType::choice("SpanExporter", "exporter", OF_SPANS_AND_LOGS);
pub(super) static LOG_RECORD_EXPORTER: NodeType =
    NodeType::choice("LogRecordExporter", "exporter", OF_SPANS_AND_LOGS);
pub(super) static PUSH_METRIC_EXPORTER: NodeType = NodeType::choice(
    "PushMetricExporter",
    "exporter",
    &[
        mapping("otlp_http", &OTLP_HTTP_METRIC_EXPORTER, "metrics.exporters", OTLP_HTTP),
        mapping(
            "otlp_grpc",
            &OTLP_GRPC_METRIC_EXPORTER,
            "metrics.exporters",
            "The same, with `protocol = \"grpc\"`.",
        ),
        mapping(
            "otlp_file/development",
            &OTLP_FILE_METRIC_EXPORTER,
            "metrics.exporters",
            "The exporter `otlp_file`.",
        ),
        mapping("console", &CONSOLE_METRIC_EXPORTER, "metrics.exporters", "The exporter `console`."),
    ],
);
pub(super) static PULL_METRIC_EXPORTER: NodeType = NodeType::choice(
    "PullMetricExporter",
    "exporter",
    &[mapping("prometheus/development", &PROMETHEUS, "metrics.exporters", "The exporter `prometheus`.")],
);
static PROMETHEUS: NodeType = NodeType::nullable(
    "ExperimentalPrometheusMetricExporter",
    &[
        scalar("host", Text, "prometheus.host", "Default: `localhost`."),
        scalar("port", Range(0, 65_535), "prometheus.port", "Default: 9464."),
        scalar("scope_info_enabled", Boolean, "prometheus.scope_info", "Default: `true`."),
        scalar("target_info_enabled/development", Boolean, "prometheus.target_info", "Default: `true`."),
        mapping(
            "resource_constant_labels",
            &super::shared::INCLUDE_EXCLUDE,
            "prometheus.resource_labels",
            "Default: none.",
        ),
        scalar(
            "translation_strategy",
            Word(&[
                "underscore_escaping_with_suffixes",
                "underscore_escaping_without_suffixes/development",
                "no_utf8_escaping_with_suffixes/development",
                "no_translation/development",
            ]),
            "prometheus.translation_strategy",
            "Here three of the names end in `/development`.",
        ),
    ],
);
