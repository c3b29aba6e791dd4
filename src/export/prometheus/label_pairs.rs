//! Labels in Protocol Buffers.

use opentelemetry::KeyValue;

use super::{
    escape::without_zeros,
    label_plan::{LabelValue, PlannedLabel},
    label_value::value_text,
};
use crate::export::message_buffer::MessageBuffer;

/// The field of labels in a `Metric`.
const LABEL: u32 = 1;

/// The fields of a `LabelPair`.
const NAME: u32 = 1;
const VALUE: u32 = 2;

/// Appends the labels of a `Metric`.
pub(super) fn push_label_pairs(out: &mut Vec<u8>, labels: &[PlannedLabel], attributes: &[&KeyValue]) {
    let mut message = MessageBuffer::new(std::mem::take(out));
    for PlannedLabel { name, values } in labels {
        let label_start = message.len();
        let pair = message.begin(LABEL);
        message.bytes(NAME, name.as_bytes());
        let value = message.begin(VALUE);
        for (index, part) in values.iter().enumerate() {
            if index > 0 {
                message.push(b";");
            }
            match part {
                LabelValue::Constant(text) => message.push(without_zeros(text).as_bytes()),
                LabelValue::Attribute(index) => {
                    let text = value_text(&attributes[*index].value);
                    message.push(without_zeros(&text).as_bytes());
                }
            }
        }
        if message.len() == value {
            message.truncate(label_start);
        } else {
            message.end(value);
            message.end(pair);
        }
    }
    *out = message.into_bytes();
}
