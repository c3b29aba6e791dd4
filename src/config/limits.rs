//! Limits for the size of spans and log records: `[attribute_limits]` and the limits of one signal.

use serde::{Deserialize, Serialize};

use super::value::number::{Count, ValueDepth};

/// Limits for the attributes of spans and log records. The limits of one signal (`traces.limits`,
/// `logs.limits`) override them.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names of the keys")]
pub(crate) struct AttributeLimits {
    /// The maximum number of attributes of a span or log record. Further attributes are dropped.
    pub(crate) attribute_count_limit: Count,

    /// The maximum length of string values in characters, also inside of lists, and of byte values
    /// in bytes. Longer values are truncated, as are the bodies of log records and the names and
    /// status descriptions of spans and events. Default: no limit.
    pub(crate) attribute_value_length_limit: Option<Count>,

    /// The maximum number of lists and maps inside of each other, from 1 to 24, in the attributes
    /// and bodies of log records. `[…]` and `{…}` replace those inside. The attributes of spans
    /// have no nested lists.
    pub(crate) attribute_value_depth_limit: ValueDepth,
}

impl Default for AttributeLimits {
    fn default() -> Self {
        Self {
            attribute_count_limit: Count::new(128),
            attribute_value_length_limit: None,
            attribute_value_depth_limit: ValueDepth::new(24),
        }
    }
}

/// The effective limits of the attributes of one signal.
#[derive(Debug, Clone, Copy, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names of the keys")]
pub(crate) struct EffectiveLimits {
    pub(crate) attribute_count_limit: Count,
    pub(crate) attribute_value_length_limit: Option<Count>,
    /// `None` for spans, whose values are not nested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attribute_value_depth_limit: Option<ValueDepth>,
}

/// Limits for log records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names of the keys")]
pub(crate) struct LogLimits {
    /// The maximum number of attributes of a log record. Further attributes are dropped. Default:
    /// as in `[attribute_limits]`.
    pub(crate) attribute_count_limit: Option<Count>,

    /// The maximum length of string values and bodies in characters. Longer values are truncated.
    /// Default: as in `[attribute_limits]`.
    pub(crate) attribute_value_length_limit: Option<Count>,

    /// The maximum number of lists and maps inside of each other, from 1 to 24. `[…]` and `{…}`
    /// replace those inside. Default: as in `[attribute_limits]`.
    pub(crate) attribute_value_depth_limit: Option<ValueDepth>,
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
