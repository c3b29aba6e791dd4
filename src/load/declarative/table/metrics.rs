//! The meter provider.

use super::{
    exporters::{PULL_METRIC_EXPORTER, PUSH_METRIC_EXPORTER},
    shared::INCLUDE_EXCLUDE,
};
use crate::load::declarative::node_type::{
    Kind::{self, Boolean, Integer, List, Mapping, Number, Range, Text, Word},
    NodeType, Row, list, mapping, scalar,
};

const PRODUCER: &Kind = &Mapping(&METRIC_PRODUCER);
const PRODUCERS: Row = list("producers", PRODUCER, "-", "").refused("there are no metric producers");
const CARDINALITY: Row = mapping(
    "cardinality_limits",
    &CARDINALITY_LIMITS,
    "metrics.cardinality_limits",
    "All readers must agree.",
)
.in_part();

pub(super) static METER_PROVIDER: NodeType = NodeType::new(
    "MeterProvider",
    &[
        list("readers", &Mapping(&METRIC_READER), "metrics.exporters", "").required(),
        list("views", &Mapping(&VIEW), "metrics.views", ""),
        scalar(
            "exemplar_filter",
            Word(&["always_on", "always_off", "trace_based"]),
            "metrics.exemplar_filter",
            "`always_on` is a warning, since the SDK records no exemplars.",
        ),
        mapping(
            "meter_configurator/development",
            &METER_CONFIGURATOR,
            "metrics.scopes",
            "The first match applies.",
        ),
    ],
);

static METRIC_READER: NodeType = NodeType::choice(
    "MetricReader",
    "reader",
    &[
        mapping("periodic", &PERIODIC, "metrics.exporters", ""),
        mapping("pull", &PULL, "metrics.exporters", ""),
    ],
);
static PERIODIC: NodeType = NodeType::new(
    "PeriodicMetricReader",
    &[
        scalar(
            "interval",
            Integer(0),
            "metrics.interval",
            "Milliseconds, raised to 100 with a warning. Readers of OTLP may differ. Default: 60000.",
        )
        .in_part(),
        scalar(
            "timeout",
            Integer(0),
            "metrics.timeout",
            "Milliseconds; 0 is no limit. Readers of OTLP may differ. Default: 30000.",
        )
        .in_part(),
        scalar("max_export_batch_size/development", Integer(1), "-", "Only without a value.")
            .refused("metrics are not split into batches"),
        mapping("exporter", &PUSH_METRIC_EXPORTER, "metrics.exporters", "").required(),
        PRODUCERS,
        CARDINALITY,
    ],
);
static PULL: NodeType = NodeType::new(
    "PullMetricReader",
    &[
        mapping("exporter", &PULL_METRIC_EXPORTER, "metrics.exporters", "A second one is refused.")
            .required(),
        PRODUCERS,
        CARDINALITY,
    ],
);
static METRIC_PRODUCER: NodeType = NodeType::choice(
    "MetricProducer",
    "metric producer",
    &[mapping("opencensus", &OPENCENSUS, "-", "").refused("it is deprecated")],
);
static OPENCENSUS: NodeType = NodeType::nullable("OpenCensusMetricProducer", &[]);
static CARDINALITY_LIMITS: NodeType = NodeType::new(
    "CardinalityLimits",
    &[
        scalar("default", Integer(1), "metrics.cardinality_limit", "Default: 2000."),
        scalar("counter", Integer(1), "metrics.cardinality_limits.counter", ""),
        scalar("gauge", Integer(1), "metrics.cardinality_limits.gauge", ""),
        scalar("histogram", Integer(1), "metrics.cardinality_limits.histogram", ""),
        scalar("observable_counter", Integer(1), "metrics.cardinality_limits.observable_counter", ""),
        scalar("observable_gauge", Integer(1), "metrics.cardinality_limits.observable_gauge", ""),
        scalar(
            "observable_up_down_counter",
            Integer(1),
            "metrics.cardinality_limits.observable_up_down_counter",
            "",
        ),
        scalar("up_down_counter", Integer(1), "metrics.cardinality_limits.up_down_counter", ""),
    ],
);

static VIEW: NodeType = NodeType::new(
    "View",
    &[
        mapping("selector", &VIEW_SELECTOR, "metrics.views", "`{}` selects all instruments.").required(),
        mapping("stream", &VIEW_STREAM, "metrics.views", "").required(),
    ],
);
static VIEW_SELECTOR: NodeType = NodeType::new(
    "ViewSelector",
    &[
        scalar("instrument_name", Text, "metrics.views.instrument_name", "`*` and `?` are wildcards."),
        scalar(
            "instrument_type",
            Word(&[
                "counter",
                "gauge",
                "histogram",
                "observable_counter",
                "observable_gauge",
                "observable_up_down_counter",
                "up_down_counter",
            ]),
            "metrics.views.instrument_type",
            "",
        ),
        scalar("unit", Text, "metrics.views.unit", ""),
        scalar("meter_name", Text, "metrics.views.meter_name", ""),
        scalar("meter_version", Text, "metrics.views.meter_version", ""),
        scalar("meter_schema_url", Text, "metrics.views.meter_schema_url", ""),
    ],
);
static VIEW_STREAM: NodeType = NodeType::new(
    "ViewStream",
    &[
        scalar("name", Text, "metrics.views.name", ""),
        scalar("description", Text, "metrics.views.description", ""),
        mapping("aggregation", &AGGREGATION, "metrics.views.aggregation", ""),
        scalar(
            "aggregation_cardinality_limit",
            Integer(1),
            "metrics.views.aggregation_cardinality_limit",
            "",
        ),
        mapping("attribute_keys", &INCLUDE_EXCLUDE, "metrics.views.attribute_keys", "Default: all keys."),
    ],
);
static AGGREGATION: NodeType = NodeType::choice(
    "Aggregation",
    "aggregation",
    &[
        mapping("default", &DEFAULT, "metrics.views.aggregation", ""),
        mapping("drop", &DROP, "metrics.views.aggregation", ""),
        mapping("explicit_bucket_histogram", &EXPLICIT, "metrics.views.aggregation", ""),
        mapping("base2_exponential_bucket_histogram", &BASE2, "metrics.views.aggregation", ""),
        mapping("last_value", &LAST_VALUE, "metrics.views.aggregation", ""),
        mapping("sum", &SUM, "metrics.views.aggregation", ""),
    ],
);
static DEFAULT: NodeType = NodeType::nullable("DefaultAggregation", &[]);
static DROP: NodeType = NodeType::nullable("DropAggregation", &[]);
static LAST_VALUE: NodeType = NodeType::nullable("LastValueAggregation", &[]);
static SUM: NodeType = NodeType::nullable("SumAggregation", &[]);
const RECORD_MIN_MAX: Row =
    scalar("record_min_max", Boolean, "metrics.views.record_min_max", "Default: `true`.");
static EXPLICIT: NodeType = NodeType::nullable(
    "ExplicitBucketHistogramAggregation",
    &[
        scalar("boundaries", List(&Number, 0), "metrics.views.boundaries", "`[]` keeps count and sum only.")
            .not_null(),
        RECORD_MIN_MAX,
    ],
);
static BASE2: NodeType = NodeType::nullable(
    "Base2ExponentialBucketHistogramAggregation",
    &[
        scalar("max_scale", Range(-10, 20), "metrics.views.max_scale", "Default: 20."),
        scalar("max_size", Integer(2), "metrics.views.max_size", "At most 16384. Default: 160."),
        RECORD_MIN_MAX,
    ],
);

static METER_CONFIGURATOR: NodeType = NodeType::new(
    "ExperimentalMeterConfigurator",
    &[
        mapping("default_config", &METER_CONFIG, "metrics.scopes", "The last rule, for `*`."),
        list("meters", &Mapping(&METER_MATCHER), "metrics.scopes", ""),
    ],
);
static METER_MATCHER: NodeType = NodeType::new(
    "ExperimentalMeterMatcherAndConfig",
    &[
        scalar("name", Text, "metrics.scopes.name", "`*` and `?` are wildcards.").required().not_null(),
        mapping("config", &METER_CONFIG, "metrics.scopes", "").required(),
    ],
);
static METER_CONFIG: NodeType = NodeType::new(
    "ExperimentalMeterConfig",
    &[scalar("enabled", Boolean, "metrics.scopes.enabled", "Default: `true`.").not_null()],
);
