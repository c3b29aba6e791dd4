//! Limits for the attributes of log records and spans.
//!
//! The SDK has none for log records and knows no lengths. See the specification, "Common concepts", "Attribute limits".

use std::time::Duration;

use opentelemetry::{
    Array, Context, InstrumentationScope, Key, KeyValue, StringValue, Value,
    logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _},
    trace::TraceId,
};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    logs::{LogProcessor, SdkLogRecord, SdkLogger, SdkLoggerProvider, TraceContext},
    trace::{Span, SpanData, SpanProcessor},
};

use crate::{
    config::{AttributeLimits, Count},
    diagnostics::{Diagnostics, RateLimit},
};

/// Keeps the limits before `inner` sees anything.
#[derive(Debug)]
pub(crate) struct LimitsProcessor<P> {
    inner: P,
    count: usize,
    value_length: Option<usize>,
    /// Makes the records that replace others.
    logger: SdkLogger,
    diagnostics: Diagnostics,
    limit: RateLimit,
}

impl<P> LimitsProcessor<P> {
    pub(crate) fn new(inner: P, limits: AttributeLimits, diagnostics: Diagnostics) -> Self {
        let AttributeLimits { attribute_count_limit, attribute_value_length_limit } = limits;
        let number = |count: Count| usize::try_from(count.get()).unwrap_or(usize::MAX);
        Self {
            inner,
            count: number(attribute_count_limit),
            value_length: attribute_value_length_limit.map(number),
            // The SDK complains of one without a name.
            logger: SdkLoggerProvider::builder().build().logger("limits"),
            diagnostics,
            limit: RateLimit::default(),
        }
    }

    /// Whether a record has nothing to be mended, as nearly all of them.
    fn within_limits(&self, record: &SdkLogRecord) -> bool {
        let mut count = 0;
        // Keys that share none of these bits are not equal.
        let mut bits = 0_u64;
        let mut alike = false;
        for (key, _) in record.attributes_iter() {
            let bit = fingerprint(key.as_str());
            alike |= bits & bit != 0;
            bits |= bit;
            count += 1;
        }
        let is_within_length =
            |limit| record.attributes_iter().all(|(_, value)| is_within_length(value, limit));
        record.trace_context().is_none_or(is_valid)
            && count <= self.count
            && !(alike && has_duplicates(record))
            && self.value_length.is_none_or(is_within_length)
    }

    /// Of equal keys the last one counts, in the place of the first.
    fn enforce(&self, record: &mut SdkLogRecord) {
        let mut attributes: Vec<(Key, AnyValue)> = Vec::new();
        let mut dropped = 0;
        for (key, value) in record.attributes_iter() {
            let value = self.value_length.map_or_else(|| value.clone(), |limit| truncate(value, limit));
            match attributes.iter().position(|(other, _)| other == key) {
                Some(same) => attributes[same].1 = value,
                None if attributes.len() < self.count => attributes.push((key.clone(), value)),
                None => dropped += 1,
            }
        }
        let mut replacement = self.logger.create_log_record();
        replacement.add_attributes(attributes);
        copy_all_but_attributes(record, &mut replacement);
        *record = replacement;
        if let Some(dropped) = (dropped > 0).then(|| self.limit.due_for(dropped)).flatten() {
            self.diagnostics.warn(format_args!(
                "{dropped} attributes of log records dropped: more than the limit of {} in one record \
                 (logs.limits.attribute_count_limit)",
                self.count
            ));
        }
    }
}

/// Whether a record was written in a span at all. One that does nothing, as before telemetry has begun, has ids of zeros, which are
/// none. See the specification, "Trace Context Fields" of the logs data model.
fn is_valid(context: &TraceContext) -> bool {
    context.trace_id != TraceId::INVALID
}

fn copy_all_but_attributes(from: &SdkLogRecord, to: &mut SdkLogRecord) {
    if let Some(name) = from.event_name() {
        to.set_event_name(name);
    }
    if let Some(target) = from.target() {
        to.set_target(target.clone());
    }
    if let Some(time) = from.timestamp() {
        to.set_timestamp(time);
    }
    if let Some(time) = from.observed_timestamp() {
        to.set_observed_timestamp(time);
    }
    if let Some(context) = from.trace_context().filter(|context| is_valid(context)) {
        to.set_trace_context(context.trace_id, context.span_id, context.trace_flags);
    }
    if let Some(text) = from.severity_text() {
        to.set_severity_text(text);
    }
    if let Some(severity) = from.severity_number() {
        to.set_severity_number(severity);
    }
    if let Some(body) = from.body() {
        to.set_body(body.clone());
    }
}

/// One of 64 bits, the same for equal keys.
fn fingerprint(key: &str) -> u64 {
    let first = key.as_bytes().first().map_or(0, |byte| usize::from(*byte));
    1 << ((key.len() ^ (first << 2)) % 64)
}

fn has_duplicates(record: &SdkLogRecord) -> bool {
    let mut keys: Vec<_> = record.attributes_iter().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    keys.windows(2).any(|two| two[0] == two[1])
}

fn is_within_length(value: &AnyValue, limit: usize) -> bool {
    match value {
        AnyValue::String(text) => end_within(text.as_str(), limit).is_none(),
        AnyValue::Bytes(bytes) => bytes.len() <= limit,
        AnyValue::ListAny(items) => items.iter().all(|item| is_within_length(item, limit)),
        AnyValue::Map(entries) => entries.values().all(|entry| is_within_length(entry, limit)),
        _ => true,
    }
}

fn truncate(value: &AnyValue, limit: usize) -> AnyValue {
    match value {
        AnyValue::String(text) => {
            truncated(text.as_str(), limit).map_or_else(|| value.clone(), AnyValue::String)
        }
        AnyValue::Bytes(bytes) => AnyValue::Bytes(Box::new(bytes[..bytes.len().min(limit)].to_vec())),
        AnyValue::ListAny(items) => {
            AnyValue::ListAny(Box::new(items.iter().map(|item| truncate(item, limit)).collect()))
        }
        AnyValue::Map(entries) => AnyValue::Map(Box::new(
            entries.iter().map(|(key, entry)| (key.clone(), truncate(entry, limit))).collect(),
        )),
        other => other.clone(),
    }
}

/// Where a text of more than `limit` characters is to be cut.
fn end_within(text: &str, limit: usize) -> Option<usize> {
    if text.len() <= limit {
        return None;
    }
    text.char_indices().nth(limit).map(|(end, _)| end)
}

fn truncated(text: &str, limit: usize) -> Option<StringValue> {
    end_within(text, limit).map(|end| text[..end].to_owned().into())
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

impl<P: LogProcessor> LogProcessor for LimitsProcessor<P> {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        if !self.within_limits(record) {
            self.enforce(record);
        }
        self.inner.emit(record, scope);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }
}

/// How many attributes there may be is left to the SDK, which counts what it drops.
impl<P: SpanProcessor> SpanProcessor for LimitsProcessor<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.inner.on_start(span, context);
    }

    fn on_end(&self, mut span: SpanData) {
        if let Some(limit) = self.value_length {
            truncate_all(&mut span.attributes, limit);
            span.events.events.iter_mut().for_each(|event| truncate_all(&mut event.attributes, limit));
            span.links.links.iter_mut().for_each(|link| truncate_all(&mut link.attributes, limit));
        }
        self.inner.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_not_bytes() {
        assert_eq!(end_within("äöü", 3), None);
        assert_eq!(end_within("äöü", 2), Some(4));
        assert_eq!(end_within("abc", 0), Some(0));
        assert_eq!(end_within("", 0), None);
    }
}
