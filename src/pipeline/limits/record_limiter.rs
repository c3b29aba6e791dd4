//! Enforces the limits of log records.

use std::collections::HashMap;

use opentelemetry::{Key, logs::AnyValue};
use opentelemetry_sdk::logs::SdkLogRecord;

use super::nesting::{MAX_DEPTH, is_within, limited};
use crate::{
    config::{Count, EffectiveLimits, Signal},
    diagnostics::{DiagnosticLog, RateLimit, item_count::ItemCount},
    logs::{KeyBits, RecordLimits},
    pipeline::record_replacer::{RecordReplacer, is_valid},
};

/// Makes records conform to the data model and to the limits of attributes. The limit of lengths
/// also applies to bodies, since these contain the values of the program, too.
#[derive(Debug)]
pub(crate) struct RecordLimiter {
    count: usize,
    value_length: Option<usize>,
    value_depth: usize,
    replacer: RecordReplacer,
    diagnostics: DiagnosticLog,
    dropped: RateLimit,
    cut: RateLimit,
}

impl RecordLimiter {
    pub(crate) fn new(limits: EffectiveLimits, diagnostics: DiagnosticLog) -> Self {
        let EffectiveLimits {
            attribute_count_limit,
            attribute_value_length_limit,
            attribute_value_depth_limit,
        } = limits;
        let number = |count: Count| usize::try_from(count.get()).unwrap_or(usize::MAX);
        Self {
            count: number(attribute_count_limit),
            value_length: attribute_value_length_limit.map(number),
            value_depth: attribute_value_depth_limit.map_or(MAX_DEPTH, |depth| depth.get() as usize),
            replacer: RecordReplacer::new(),
            diagnostics,
            dropped: RateLimit::default(),
            cut: RateLimit::default(),
        }
    }

    /// Moves the record out of `record`, which is empty afterwards.
    pub(crate) fn take(&self, record: &mut SdkLogRecord) -> SdkLogRecord {
        self.replacer.take(record)
    }

    pub(crate) fn limits(&self) -> RecordLimits {
        RecordLimits { attributes: self.count, value_length: self.value_length }
    }

    /// Returns `true` for nearly all records: nothing has to be changed.
    pub(crate) fn is_within_limits(&self, record: &SdkLogRecord) -> bool {
        let is_value_within = |value: &AnyValue| is_within(value, self.value_length, self.value_depth);
        let mut are_values_within = record.body().is_none_or(is_value_within);
        let mut count = 0;
        let mut keys = KeyBits::default();
        for (key, value) in record.attributes_iter() {
            keys.add(key.as_str());
            count += 1;
            are_values_within &= is_value_within(value);
        }
        record.trace_context().is_none_or(is_valid)
            && count <= self.count
            && are_values_within
            && !(keys.may_repeat() && has_duplicates(record))
    }

    /// Replaces a record by one within the limits.
    #[cold]
    #[inline(never)]
    pub(crate) fn replace(&self, record: &mut SdkLogRecord) {
        let is_nested_too_deep = !values(record).all(|value| is_within(value, None, self.value_depth));
        let (attributes, dropped) = self.unique_attributes(record);
        let body = record.body().map(|body| limited(body, self.value_length, self.value_depth));
        self.replacer.replace(record, body, attributes);
        if let Some(dropped) = (dropped > 0).then(|| self.dropped.due_for(dropped)).flatten() {
            self.diagnostics.warn(format_args!(
                "{dropped} attributes of log records dropped: more than the limit of {} in one record \
                 (logs.limits.attribute_count_limit)",
                self.count
            ));
        }
        if let Some(cut) = is_nested_too_deep.then(|| self.cut.due_for(1)).flatten() {
            self.diagnostics.warn(format_args!(
                "values of {} cut: nested in more than {} lists and maps",
                ItemCount(cut, Signal::Logs),
                self.value_depth
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
                attribute.1 = limited(value, self.value_length, self.value_depth);
            } else if place < self.count {
                attributes.push((key.clone(), limited(value, self.value_length, self.value_depth)));
            }
        }
        let dropped = (places.len() - attributes.len()) as u64;
        (attributes, dropped)
    }
}

/// Returns the values of the attributes, and the body.
fn values(record: &SdkLogRecord) -> impl Iterator<Item = &AnyValue> {
    record.attributes_iter().map(|(_, value)| value).chain(record.body())
}

fn has_duplicates(record: &SdkLogRecord) -> bool {
    let mut keys: Vec<_> = record.attributes_iter().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    keys.windows(2).any(|two| two[0] == two[1])
}
