//! Limits for the size of spans and log records: `[attribute_limits]` and the limits of one signal.

use serde::{Deserialize, Serialize};

use super::value::number::Count;

/// Limits for the attributes of spans and log records. The limits of one signal (`traces.limits`,
/// `logs.limits`) override them.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AttributeLimits {
    /// The maximum number of attributes of a span or log record. Further attributes are dropped.
    pub(crate) attribute_count_limit: Count,

    /// The maximum length of string values in characters, also inside of lists, and of byte values
    /// in bytes. Longer values are truncated, as are the bodies of log records and the names and
    /// status descriptions of spans and events. Default: no limit.
    pub(crate) attribute_value_length_limit: Option<Count>,
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
pub(crate) struct LogLimits {
    /// The maximum number of attributes of a log record. Further attributes are dropped. Default:
    /// as in `[attribute_limits]`.
    pub(crate) attribute_count_limit: Option<Count>,

    /// The maximum length of string values and bodies in characters. Longer values are truncated.
    /// Default: as in `[attribute_limits]`.
    pub(crate) attribute_value_length_limit: Option<Count>,
}

/// Limits for spans.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names of the keys")]
pub(crate) struct SpanLimits {
    /// The maximum number of attributes of a span. Further attributes are dropped. Default: as in
    /// `[attribute_limits]`.
    pub(crate) attribute_count_limit: Option<Count>,

    /// The maximum length of string values in characters, in the attributes of spans, events and
    /// links, and of names and status descriptions. Longer values are truncated. Default: as in
    /// `[attribute_limits]`.
    pub(crate) attribute_value_length_limit: Option<Count>,

    /// The maximum number of events of a span. Further events are dropped.
    pub(crate) event_count_limit: Count,

    /// The maximum number of links of a span. Further links are dropped.
    pub(crate) link_count_limit: Count,

    /// The maximum number of attributes of an event. Further attributes are dropped.
    pub(crate) event_attribute_count_limit: Count,

    /// The maximum number of attributes of a link. Further attributes are dropped.
    pub(crate) link_attribute_count_limit: Count,
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
