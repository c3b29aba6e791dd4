//! The tracer provider.

use super::{
    exporters::SPAN_EXPORTER,
    samplers::SAMPLER,
    shared::{ATTRIBUTE_COUNT, BATCH_SIZE, EXPORT_TIMEOUT, QUEUE_SIZE, VALUE_DEPTH, VALUE_LENGTH},
};
use crate::load::declarative::node_type::{
    Kind::{Boolean, Integer, Mapping, Text},
    NodeType, list, mapping, scalar,
};

pub(super) static TRACER_PROVIDER: NodeType = NodeType::new(
    "TracerProvider",
    &[
        list("processors", &Mapping(&SPAN_PROCESSOR), "traces.exporters", "In this order.").required(),
        mapping("limits", &SPAN_LIMITS, "traces.limits", "Absent: those of `attribute_limits`."),
        mapping("sampler", &SAMPLER, "traces.sampler", "Absent: `parentbased_always_on`."),
        mapping("id_generator", &ID_GENERATOR, "-", ""),
        mapping(
            "tracer_configurator/development",
            &TRACER_CONFIGURATOR,
            "traces.scopes",
            "The first match applies.",
        ),
    ],
);

static SPAN_PROCESSOR: NodeType = NodeType::choice(
    "SpanProcessor",
    "processor",
    &[
        mapping("batch", &BATCH, "traces.batch", "Each exporter of OTLP has its own values, in `exporters.NAME.traces.batch`. Others share theirs.").in_part(),
        mapping(
            "simple",
            &SIMPLE,
            "traces.batch",
            "With OTLP: batches of 1 after 10 ms, and a warning. Others write at once anyway.",
        ),
    ],
);

static BATCH: NodeType = NodeType::new(
    "BatchSpanProcessor",
    &[
        scalar(
            "schedule_delay",
            Integer(0),
            "traces.batch.schedule_delay",
            "Milliseconds, raised to 10 with a warning. Default: 5000.",
        ),
        EXPORT_TIMEOUT,
        QUEUE_SIZE,
        BATCH_SIZE,
        mapping("exporter", &SPAN_EXPORTER, "traces.exporters", "").required(),
    ],
);

static SIMPLE: NodeType = NodeType::new(
    "SimpleSpanProcessor",
    &[mapping("exporter", &SPAN_EXPORTER, "traces.exporters", "").required()],
);

static SPAN_LIMITS: NodeType = NodeType::new(
    "SpanLimits",
    &[
        VALUE_LENGTH,
        VALUE_DEPTH,
        ATTRIBUTE_COUNT,
        scalar("event_count_limit", Integer(0), "traces.limits.event_count_limit", "Default: 128."),
        scalar("link_count_limit", Integer(0), "traces.limits.link_count_limit", "Default: 128."),
        scalar(
            "event_attribute_count_limit",
            Integer(0),
            "traces.limits.event_attribute_count_limit",
            "Default: 128.",
        ),
        scalar(
            "link_attribute_count_limit",
            Integer(0),
            "traces.limits.link_attribute_count_limit",
            "Default: 128.",
        ),
    ],
);

static ID_GENERATOR: NodeType = NodeType::choice(
    "IdGenerator",
    "ID generator",
    &[mapping("random", &RANDOM, "-", "The only one. Others are refused.")],
);
static RANDOM: NodeType = NodeType::nullable("RandomIdGenerator", &[]);

static TRACER_CONFIGURATOR: NodeType = NodeType::new(
    "ExperimentalTracerConfigurator",
    &[
        mapping("default_config", &TRACER_CONFIG, "traces.scopes", "The last rule, for `*`."),
        list("tracers", &Mapping(&TRACER_MATCHER), "traces.scopes", ""),
    ],
);
static TRACER_MATCHER: NodeType = NodeType::new(
    "ExperimentalTracerMatcherAndConfig",
    &[
        scalar("name", Text, "traces.scopes.name", "`*` and `?` are wildcards.").required().not_null(),
        mapping("config", &TRACER_CONFIG, "traces.scopes", "").required(),
    ],
);
static TRACER_CONFIG: NodeType = NodeType::new(
    "ExperimentalTracerConfig",
    &[scalar("enabled", Boolean, "traces.scopes.enabled", "Default: `true`.").not_null()],
);
