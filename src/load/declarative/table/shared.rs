//! Types that several parts of the schema use.

use crate::load::declarative::node_type::{
    Kind::{Integer, Text},
    NodeType, Row, list, scalar,
};

pub(super) static INCLUDE_EXCLUDE: NodeType = NodeType::new(
    "IncludeExclude",
    &[
        list("included", &Text, ".included", "Patterns with `*` and `?`. Default: all."),
        list("excluded", &Text, ".excluded", "Patterns with `*` and `?`. They win over `included`."),
    ],
);

pub(super) const SEVERITIES: &[&str] = &[
    "trace", "trace2", "trace3", "trace4", "debug", "debug2", "debug3", "debug4", "info", "info2", "info3",
    "info4", "warn", "warn2", "warn3", "warn4", "error", "error2", "error3", "error4", "fatal", "fatal2",
    "fatal3", "fatal4",
];

pub(super) const VALUE_LENGTH: Row = scalar(
    "attribute_value_length_limit",
    Integer(0),
    "LIMITS.attribute_value_length_limit",
    "Default: no limit.",
);
pub(super) const VALUE_DEPTH: Row = scalar(
    "attribute_value_depth_limit",
    Integer(1),
    "LIMITS.attribute_value_depth_limit",
    "At most 24, also for a higher number. The values of spans are not nested.",
)
.in_part();
pub(super) const ATTRIBUTE_COUNT: Row =
    scalar("attribute_count_limit", Integer(0), "LIMITS.attribute_count_limit", "Default: 128.");

const BATCH_ITEMS: &str = "Default: 2048.";

pub(super) const QUEUE_SIZE: Row =
    scalar("max_queue_size", Integer(1), "SIGNAL.batch.max_queue_size", BATCH_ITEMS);
pub(super) const BATCH_SIZE: Row = scalar(
    "max_export_batch_size",
    Integer(1),
    "SIGNAL.batch.max_export_batch_size",
    "Default: 512, or `max_queue_size` if that is smaller.",
);
pub(super) const EXPORT_TIMEOUT: Row = scalar(
    "export_timeout",
    Integer(0),
    "SIGNAL.batch.export_timeout",
    "Milliseconds; 0 is no limit. Default: 30000.",
);
