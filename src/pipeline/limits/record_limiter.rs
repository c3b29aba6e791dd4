//! Enforces the limits of log records.

use std::collections::HashMap;

use opentelemetry::{
    Key,
    logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _},
    trace::TraceId,
};
use opentelemetry_sdk::logs::{SdkLogRecord, SdkLogger, SdkLoggerProvider, TraceContext};

use super::text::{end_within, truncated};
use crate::{
    config::{AttributeLimits, Count},
    diagnostics::{DiagnosticLog, RateLimit},
    export::unique_keys::KeyBits,
};

/// Makes records conform to the data model and to the limits of attributes. The limit of lengths
/// also applies to bodies, since these contain the values of the program, too.
#[derive(Debug)]
pub(crate) struct RecordLimiter {
    count: usize,
    value_length: Option<usize>,
    /// Creates the records that replace others.
    logger: SdkLogger,
    diagnostics: DiagnosticLog,
    dropped: RateLimit,
}

impl RecordLimiter {
    pub(crate) fn new(limits: AttributeLimits, diagnostics: DiagnosticLog) -> Self {
        let AttributeLimits { attribute_count_limit, attribute_value_length_limit } = limits;
        let number = |count: Count| usize::try_from(count.get()).unwrap_or(usize::MAX);
        Self {
            count: number(attribute_count_limit),
            value_length: attribute_value_length_limit.map(number),
            // The SDK warns about a logger without a name.
            logger: SdkLoggerProvider::builder().build().logger("limits"),
            diagnostics,
            dropped: RateLimit::default(),
        }
    }

    /// Moves the record out of `record`, which is empty afterwards.
    pub(crate) fn take(&self, record: &mut SdkLogRecord) -> SdkLogRecord {
        std::mem::replace(record, self.logger.create_log_record())
    }

    /// Returns `true` for nearly all records: nothing has to be changed.
    pub(crate) fn is_within_limits(&self, record: &SdkLogRecord) -> bool {
        let mut count = 0;
        let mut keys = KeyBits::default();
        for (key, _) in record.attributes_iter() {
            keys.add(key.as_str());
            count += 1;
        }
        let is_within_length = |limit| {
            let values = record.attributes_iter().map(|(_, value)| value);
            values.chain(record.body()).all(|value| is_within_length(value, limit))
        };
        record.trace_context().is_none_or(is_valid)
            && count <= self.count
            && !(keys.may_repeat() && has_duplicates(record))
            && self.value_length.is_none_or(is_within_length)
    }

    /// Replaces a record by one within the limits.
    #[cold]
    #[inline(never)]
    pub(crate) fn replace(&self, record: &mut SdkLogRecord) {
        let (attributes, dropped) = self.unique_attributes(record);
        let mut replacement = self.logger.create_log_record();
        replacement.add_attributes(attributes);
        if let Some(body) = record.body() {
            replacement.set_body(self.truncated(body));
        }
        copy_all_but_values(record, &mut replacement);
        *record = replacement;
        if let Some(dropped) = (dropped > 0).then(|| self.dropped.due_for(dropped)).flatten() {
            self.diagnostics.warn(format_args!(
                "{dropped} attributes of log records dropped: more than the limit of {} in one record \
                 (logs.limits.attribute_count_limit)",
                self.count
            ));
        }
    }

    /// Returns the attributes within the limits, and the number of those beyond. Of equal keys, the
    /// last value takes the place of the first.
    fn unique_attributes(&self, record: &SdkLogRecord) -> (Vec<(Key, AnyValue)>, u64) {
        let mut attributes: Vec<(Key, AnyValue)> = Vec::new();
        // The indices in `attributes`. A key beyond the limit has none there.
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (key, value) in record.attributes_iter() {
            let next = places.len();
            let place = *places.entry(key.as_str()).or_insert(next);
            if let Some(attribute) = attributes.get_mut(place) {
                attribute.1 = self.truncated(value);
            } else if place < self.count {
                attributes.push((key.clone(), self.truncated(value)));
            }
        }
        let dropped = (places.len() - attributes.len()) as u64;
        (attributes, dropped)
    }

    fn truncated(&self, value: &AnyValue) -> AnyValue {
        self.value_length.map_or_else(|| value.clone(), |limit| truncate(value, limit))
    }
}

/// Returns `true` if the context is that of a span. No-op spans have ids of zeros, which are
/// invalid. See the specification, "Trace Context Fields" of the logs data model.
fn is_valid(context: &TraceContext) -> bool {
    context.trace_id != TraceId::INVALID
}

fn copy_all_but_values(from: &SdkLogRecord, to: &mut SdkLogRecord) {
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
