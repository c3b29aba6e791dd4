//! Enforces the limits of spans.

use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

use super::text::truncated;
use crate::config::AttributeLimits;

/// Truncates the attributes of spans. The SDK limits their number, and counts those it drops.
#[derive(Debug)]
pub(crate) struct SpanLimiter {
    value_length: Option<usize>,
}

impl SpanLimiter {
    pub(crate) fn new(limits: AttributeLimits) -> Self {
        let AttributeLimits { attribute_count_limit: _, attribute_value_length_limit } = limits;
        let value_length =
            attribute_value_length_limit.map(|limit| usize::try_from(limit.get()).unwrap_or(usize::MAX));
        Self { value_length }
    }

    pub(crate) fn enforce(&self, span: &mut SpanData) {
        let Some(limit) = self.value_length else { return };
        truncate_all(&mut span.attributes, limit);
        span.events.events.iter_mut().for_each(|event| truncate_all(&mut event.attributes, limit));
        span.links.links.iter_mut().for_each(|link| truncate_all(&mut link.attributes, limit));
    }
}

fn truncate_all(attributes: &mut [KeyValue], limit: usize) {
    for attribute in attributes {
        match &mut attribute.value {
            Value::String(text) => {
                if let Some(short) = truncated(text.as_str(), limit) {
                    *text = short;
                }
            }
            Value::Array(Array::String(items)) => {
                for item in items {
                    if let Some(short) = truncated(item.as_str(), limit) {
                        *item = short;
                    }
                }
            }
            _ => {}
        }
    }
}
