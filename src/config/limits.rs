//! How large a record may become: `[attribute_limits]` and the limits of one signal.

use serde::{Deserialize, Serialize};

use super::value::number::Count;

/// Limits for the attributes of spans and log records. Those of one signal (`traces.limits`, `logs.limits`) are stronger.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AttributeLimits {
    /// How many attributes a span or log record may have. Further ones are dropped.
    pub attribute_count_limit: Count,

    /// How many characters a text among the values may have, on its own or in a list, and how many bytes a value of bytes.
    /// Longer ones are cut. Default: no limit.
    pub attribute_value_length_limit: Option<Count>,
}

impl Default for AttributeLimits {
    fn default() -> Self {
        Self { attribute_count_limit: Count::new(128), attribute_value_length_limit: None }
    }
}

/// Limits for log records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LogLimits {
    /// How many attributes a log record may have. Further ones are dropped. Default: as in `[attribute_limits]`.
    pub attribute_count_limit: Option<Count>,

    /// How many characters a text among the values may have. Longer ones are cut. Default: as in `[attribute_limits]`.
    pub attribute_value_length_limit: Option<Count>,
}

/// Limits for spans.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SpanLimits {
    /// How many attributes a span may have. Further ones are dropped. Default: as in `[attribute_limits]`.
    pub attribute_count_limit: Option<Count>,

    /// How many characters a text among the values may have, in the attributes of spans, events and links. Longer ones are
    /// cut. Default: as in `[attribute_limits]`.
    pub attribute_value_length_limit: Option<Count>,

    /// How many events a span may have. Further ones are dropped.
    pub event_count_limit: Count,

    /// How many links a span may have. Further ones are dropped.
    pub link_count_limit: Count,

    /// How many attributes an event of a span may have. Further ones are dropped.
    pub event_attribute_count_limit: Count,

    /// How many attributes a link of a span may have. Further ones are dropped.
    pub link_attribute_count_limit: Count,
}

impl Default for SpanLimits {
    fn default() -> Self {
        Self {
            attribute_count_limit: None,
            attribute_value_length_limit: None,
            event_count_limit: Count::new(128),
            link_count_limit: Count::new(128),
            event_attribute_count_limit: Count::new(128),
            link_attribute_count_limit: Count::new(128),
        }
    }
}
