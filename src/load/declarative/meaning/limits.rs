//! Limits of attributes.

use super::super::{node::Node, writer::Writer};

/// The depth at which values are cut.
const VALUE_DEPTH: i64 = 24;

/// Writes the limits of attributes below `key`.
pub(super) fn write(key: &str, node: &Node, w: &mut Writer) {
    for name in ["attribute_value_length_limit", "attribute_count_limit"] {
        w.copy(&format!("{key}.{name}"), node, name);
    }
    if let Some(depth) = node.some("attribute_value_depth_limit")
        && depth.integer().is_some_and(|depth| depth < VALUE_DEPTH)
    {
        let message = format!("is not supported: values are cut below {VALUE_DEPTH} levels");
        w.error(depth, message, "remove it");
    }
}
