//! The root.

use super::{
    logs::LOGGER_PROVIDER,
    metrics::METER_PROVIDER,
    resource::RESOURCE,
    shared::{ATTRIBUTE_COUNT, SEVERITIES, VALUE_DEPTH, VALUE_LENGTH},
    traces::TRACER_PROVIDER,
};
use crate::load::declarative::node_type::{
    Keys,
    Kind::{Boolean, Distribution, Mapping, Text, Unread, Word},
    NodeType, list, mapping, scalar,
};

pub(crate) static CONFIGURATION: NodeType = NodeType {
    keys: Keys::Open,
    ..NodeType::new(
        "OpenTelemetryConfiguration",
        &[
            scalar("file_format", Text, "-", "`\"1.0\"` or `\"1.1\"`. Required, and checked first.")
                .required()
                .not_null(),
            scalar(
                "disabled",
                Boolean,
                "disabled",
                "The rest is still checked, and propagators keep working. Default: `false`.",
            ),
            scalar(
                "log_level",
                Word(SEVERITIES),
                "diagnostics.level",
                "`trace2` is `trace`, and so on; `fatal` is `error`. Default: `info`.",
            ),
            mapping("attribute_limits", &ATTRIBUTE_LIMITS, "attribute_limits", ""),
            mapping(
                "logger_provider",
                &LOGGER_PROVIDER,
                "logs",
                "Absent: no log records, also not on the console.",
            ),
            mapping("meter_provider", &METER_PROVIDER, "metrics", "Absent: no metrics."),
            mapping("propagator", &PROPAGATOR, "propagators", "Absent: none."),
            mapping("tracer_provider", &TRACER_PROVIDER, "traces", "Absent: no spans."),
            mapping("resource", &RESOURCE, "resource", ""),
            scalar(
                "instrumentation/development",
                Unread,
                "-",
                "A mapping that is not read: this library instruments nothing by itself.",
            )
            .not_null()
            .ignored(),
            scalar(
                "distribution",
                Distribution,
                "-",
                "`autotelemetry` takes keys that the schema does not have. Other names are not read.",
            )
            .not_null(),
        ],
    )
};

static ATTRIBUTE_LIMITS: NodeType =
    NodeType::new("AttributeLimits", &[VALUE_LENGTH, VALUE_DEPTH, ATTRIBUTE_COUNT]);

static PROPAGATOR: NodeType = NodeType::new(
    "Propagator",
    &[
        list("composite", &Mapping(&TEXT_MAP_PROPAGATOR), "propagators", "In this order."),
        scalar(
            "composite_list",
            Text,
            "propagators",
            "Names separated by commas, after those of `composite`. `none` only alone.",
        ),
    ],
);

static TEXT_MAP_PROPAGATOR: NodeType = NodeType::choice(
    "TextMapPropagator",
    "propagator",
    &[
        mapping("tracecontext", &TRACE_CONTEXT, "propagators", "W3C Trace Context."),
        mapping("baggage", &BAGGAGE, "propagators", "W3C Baggage."),
        mapping("b3", &B3, "propagators", "One header."),
        mapping("b3multi", &B3_MULTI, "propagators", "Several headers."),
        mapping("jaeger", &OF_EXTENSION, "propagators", "").extension(),
        mapping("ottrace", &OF_EXTENSION, "propagators", "").extension(),
        mapping("xray", &OF_EXTENSION, "propagators", "").extension(),
    ],
);
static TRACE_CONTEXT: NodeType = NodeType::nullable("TraceContextPropagator", &[]);
static BAGGAGE: NodeType = NodeType::nullable("BaggagePropagator", &[]);
static B3: NodeType = NodeType::nullable("B3Propagator", &[]);
static B3_MULTI: NodeType = NodeType::nullable("B3MultiPropagator", &[]);
static OF_EXTENSION: NodeType = NodeType::nullable("", &[]);
