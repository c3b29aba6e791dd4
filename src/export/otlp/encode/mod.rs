//! The encoding of items as OTLP messages.
//!
//! Each message is described once, as a function that writes its fields to a [`Writer`]. The
//! writers for Protocol Buffers and JSON turn this description into bytes, straight from the data
//! of the SDK. A third one measures an item instead, to find what makes it too large.
//!
//! [`Writer`]: writer::Writer

mod attributes;
mod by_scope;
mod change;
mod data_point;
mod json;
mod log_record;
mod metric;
mod number;
mod part_sizes;
mod protobuf;
mod requests;
mod resource;
mod scope;
mod shorten;
mod span;
#[cfg(test)]
mod tests;
mod time;
mod writer;

use opentelemetry_sdk::{
    Resource,
    metrics::data::{ResourceMetrics, ScopeMetrics},
};

pub(crate) use self::{
    by_scope::by_scope,
    change::{Changes, ExponentialChange, HistogramChange, PointChange},
    metric::MetricItem,
    number::Number,
    requests::{EncodedItems, EncodedRequest, Item, TooLarge},
    scope::ItemScope,
};
use self::{json::JsonWriter, protobuf::ProtobufWriter};

/// The longest line that readers of files accept by default.
const MAX_LINE_BYTES: usize = 1024 * 1024;

/// Returns the number of data points.
pub(crate) fn count_data_points(metrics: &ResourceMetrics) -> u64 {
    metrics.scope_metrics().flat_map(ScopeMetrics::metrics).map(|metric| metric.count() as u64).sum()
}

/// Encodes items in Protocol Buffers, as requests of at most `max_bytes`. Each begins with `prefix`
/// zeros.
pub(super) fn to_protobuf<'s, I: Item + 's>(
    max_bytes: usize,
    prefix: usize,
    resource: &'s Resource,
    items: impl IntoIterator<Item = (ItemScope<'s>, &'s I)>,
) -> EncodedItems {
    requests::encode(max_bytes, || ProtobufWriter::new(vec![0; prefix]), resource, items)
}

/// Encodes items in JSON, as requests of at most `max_bytes`.
pub(super) fn to_json<'s, I: Item + 's>(
    max_bytes: usize,
    resource: &'s Resource,
    items: impl IntoIterator<Item = (ItemScope<'s>, &'s I)>,
) -> EncodedItems {
    requests::encode(max_bytes, JsonWriter::new, resource, items)
}

/// Encodes items as lines of JSON, without the ends of lines.
pub(crate) fn to_json_lines<'s, I: Item + 's>(
    resource: &'s Resource,
    items: impl IntoIterator<Item = (ItemScope<'s>, &'s I)>,
) -> EncodedItems {
    requests::encode(MAX_LINE_BYTES, JsonWriter::new, resource, items)
}
