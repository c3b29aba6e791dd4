//! Limits of attributes.

use super::super::{node::Node, writer::Writer};

/// The greatest depth of values that is kept.
const VALUE_DEPTH: i64 = 24;

/// Writes the limits of attributes below `key`.
pub(super) fn write(key: &str, node: &Node, w: &mut Writer) {
    for name in ["attribute_value_length_limit", "attribute_count_limit"] {
        w.copy(&format!("{key}.{name}"), node, name);
    }
    // The values of spans are not nested.
    if key != "traces.limits"
        && let Some(depth) = node.some("attribute_value_depth_limit")
        && let Some(levels) = depth.integer()
    {
        w.set(&format!("{key}.attribute_value_depth_limit"), levels.min(VALUE_DEPTH), depth);
    }
}
