//! The logger provider.

use super::{
    exporters::LOG_RECORD_EXPORTER,
    shared::{
        ATTRIBUTE_COUNT, BATCH_SIZE, EXPORT_TIMEOUT, QUEUE_SIZE, SEVERITIES, VALUE_DEPTH, VALUE_LENGTH,
    },
};
use crate::load::declarative::node_type::{
    Kind::{Boolean, Integer, Mapping, Text, Word},
    NodeType, list, mapping, scalar,
};

pub(super) static LOGGER_PROVIDER: NodeType = NodeType::new(
    "LoggerProvider",
    &[
        list("processors", &Mapping(&LOG_RECORD_PROCESSOR), "logs.exporters", "In this order.").required(),
        mapping("limits", &LOG_RECORD_LIMITS, "logs.limits", "Absent: those of `attribute_limits`."),
        mapping(
            "logger_configurator/development",
            &LOGGER_CONFIGURATOR,
            "logs.scopes",
            "The first match applies.",
        ),
    ],
);

static LOG_RECORD_PROCESSOR: NodeType = NodeType::choice(
    "LogRecordProcessor",
    "processor",
    &[
        mapping("batch", &BATCH, "logs.batch", "As for spans, in `exporters.NAME.logs.batch`.").in_part(),
        mapping("simple", &SIMPLE, "logs.batch", "As for spans."),
        mapping("event_to_span_event_bridge/development", &EVENT_BRIDGE, "-", "")
            .refused("records of events cannot become events of spans"),
    ],
);
static EVENT_BRIDGE: NodeType =
    NodeType::nullable("ExperimentalEventToSpanEventBridgeLogRecordProcessor", &[]);

static BATCH: NodeType = NodeType::new(
    "BatchLogRecordProcessor",
    &[
        scalar(
            "schedule_delay",
            Integer(0),
            "logs.batch.schedule_delay",
            "Milliseconds, raised to 10 with a warning. Default: 1000.",
        ),
        EXPORT_TIMEOUT,
        QUEUE_SIZE,
        BATCH_SIZE,
        mapping("exporter", &LOG_RECORD_EXPORTER, "logs.exporters", "").required(),
    ],
);

static SIMPLE: NodeType = NodeType::new(
    "SimpleLogRecordProcessor",
    &[mapping("exporter", &LOG_RECORD_EXPORTER, "logs.exporters", "").required()],
);

static LOG_RECORD_LIMITS: NodeType =
    NodeType::new("LogRecordLimits", &[VALUE_LENGTH, VALUE_DEPTH, ATTRIBUTE_COUNT]);

static LOGGER_CONFIGURATOR: NodeType = NodeType::new(
    "ExperimentalLoggerConfigurator",
    &[
        mapping(
            "default_config",
            &LOGGER_CONFIG,
            "logs.level",
            "Also the last rule of `logs.scopes`, for `*`.",
        ),
        list("loggers", &Mapping(&LOGGER_MATCHER), "logs.scopes", ""),
    ],
);
static LOGGER_MATCHER: NodeType = NodeType::new(
    "ExperimentalLoggerMatcherAndConfig",
    &[
        scalar("name", Text, "logs.scopes.name", "`*` and `?` are wildcards.").required().not_null(),
        mapping("config", &LOGGER_CONFIG, "logs.scopes", "").required(),
    ],
);
static LOGGER_CONFIG: NodeType = NodeType::new(
    "ExperimentalLoggerConfig",
    &[
        scalar("enabled", Boolean, "logs.scopes.enabled", "Default: `true`."),
        scalar(
            "minimum_severity",
            Word(SEVERITIES),
            "logs.scopes.minimum_severity",
            "`trace2` is `trace`, and so on; `fatal` is `error`. Absent in `default_config`: `info`.",
        ),
        scalar("trace_based", Boolean, "logs.scopes.trace_based", "Default: `false`."),
    ],
);
