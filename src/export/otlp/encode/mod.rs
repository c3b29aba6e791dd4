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

use opentelemetry_sdk::Resource;

pub(super) use self::{
    by_scope::by_scope,
    change::{Changes, ExponentialChange, HistogramChange, PointChange},
    metric::MetricItem,
    number::Number,
    requests::{EncodedItems, EncodedRequest, Item, TooLarge},
    scope::ItemScope,
    shorten::MAX_REQUEST_BYTES,
};
use self::{json::JsonWriter, protobuf::ProtobufWriter};

/// Encodes items in Protocol Buffers. Each request begins with `prefix` zeros.
pub(super) fn to_protobuf<'s, I: Item + 's>(
    prefix: usize,
    resource: &'s Resource,
    items: impl IntoIterator<Item = (ItemScope<'s>, &'s I)>,
) -> EncodedItems {
    requests::encode(|| ProtobufWriter::new(vec![0; prefix]), resource, items)
}

/// Encodes items in JSON.
pub(super) fn to_json<'s, I: Item + 's>(
    resource: &'s Resource,
    items: impl IntoIterator<Item = (ItemScope<'s>, &'s I)>,
) -> EncodedItems {
    requests::encode(JsonWriter::new, resource, items)
}
