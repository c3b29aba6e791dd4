//! Replaces or removes the attributes whose keys match.

use std::sync::Arc;

use opentelemetry::{Key, KeyValue, Value, logs::AnyValue};
use opentelemetry_sdk::{Resource, logs::SdkLogRecord, trace::SpanData};
use sha2::{Digest as _, Sha256};

use crate::{
    config::{Redact, RedactAction},
    format::{hex::push_hex, to_any_value, value::push_value},
    pipeline::{limits::MAX_DEPTH, record_replacer::RecordReplacer},
};

/// Replaces or removes the attributes whose keys match.
#[derive(Debug)]
pub(crate) struct Redactor {
    config: Redact,
    replacer: RecordReplacer,
}

/// Identifies the service, so it is never redacted.
const SERVICE_NAME: &str = "service.name";

const MASK: &str = "***";

impl Redactor {
    /// Returns `None` if nothing is redacted.
    pub(crate) fn new(config: &Redact) -> Option<Arc<Self>> {
        (!config.keys.is_empty())
            .then(|| Arc::new(Self { config: config.clone(), replacer: RecordReplacer::new() }))
    }

    pub(crate) fn redact_resource(&self, resource: &Resource) -> Resource {
        let attributes = resource.iter().filter_map(|(key, value)| {
            let is_kept = key.as_str() == SERVICE_NAME || !self.config.matches(key.as_str());
            let value = if is_kept { Some(value.clone()) } else { self.replacement(value) };
            value.map(|value| KeyValue::new(key.clone(), value))
        });
        let attributes: Vec<_> = attributes.collect();
        match resource.schema_url() {
            Some(url) => Resource::builder_empty().with_schema_url(attributes, url.to_owned()).build(),
            None => Resource::builder_empty().with_attributes(attributes).build(),
        }
    }

    // Most programs redact nothing, and pay for one branch.
    #[cold]
    #[inline(never)]
    pub(crate) fn redact_span(&self, span: &mut SpanData) {
        self.redact_attributes(&mut span.attributes);
        for event in &mut span.events.events {
            self.redact_attributes(&mut event.attributes);
        }
        for link in &mut span.links.links {
            self.redact_attributes(&mut link.attributes);
        }
    }

    fn redact_attributes(&self, attributes: &mut Vec<KeyValue>) {
        attributes.retain_mut(|KeyValue { key, value, .. }| {
            if !self.config.matches(key.as_str()) {
                return true;
            }
            let replacement = self.replacement(value);
            replacement.map(|replacement| *value = replacement).is_some()
        });
    }

    /// Redacts a log record, and returns whether it has changed.
    #[cold]
    #[inline(never)]
    pub(crate) fn redact_record(&self, record: &mut SdkLogRecord) -> bool {
        let must_change = |(key, value): &(Key, AnyValue)| self.must_change(key.as_str(), value);
        if !record.attributes_iter().any(must_change) {
            return false;
        }
        self.replace_record(record);
        true
    }

    fn replace_record(&self, record: &mut SdkLogRecord) {
        let redacted = record
            .attributes_iter()
            .filter_map(|(key, value)| Some((key.clone(), self.redacted(key.as_str(), value, MAX_DEPTH)?)));
        let redacted: Vec<_> = redacted.collect();
        let body = record.body().cloned();
        self.replacer.replace(record, body, redacted);
    }

    /// Returns whether a value may have to change. That of a nested value is not known.
    fn must_change(&self, key: &str, value: &AnyValue) -> bool {
        matches!(value, AnyValue::Map(_) | AnyValue::ListAny(_)) || self.config.matches(key)
    }

    /// Returns the value of `path` to export, or `None` if it is dropped. A text replaces lists and
    /// maps that are nested deeper than the limit of records.
    fn redacted(&self, path: &str, value: &AnyValue, depth: usize) -> Option<AnyValue> {
        if self.config.matches(path) {
            return self.any_replacement(value);
        }
        match value {
            AnyValue::ListAny(_) if depth == 0 => Some("[…]".into()),
            AnyValue::Map(_) if depth == 0 => Some("{…}".into()),
            AnyValue::ListAny(items) => {
                let items = items.iter().filter_map(|item| self.redacted(path, item, depth - 1));
                Some(AnyValue::ListAny(Box::new(items.collect())))
            }
            AnyValue::Map(entries) => {
                let entries = entries.iter().filter_map(|(key, value)| {
                    let value = self.redacted(&format!("{path}.{key}"), value, depth - 1)?;
                    Some((key.clone(), value))
                });
                Some(AnyValue::Map(Box::new(entries.collect())))
            }
            _ => Some(value.clone()),
        }
    }

    fn replacement(&self, value: &Value) -> Option<Value> {
        match (self.config.action, value) {
            (RedactAction::Drop, _) => None,
            (RedactAction::Mask, _) => Some(MASK.into()),
            (RedactAction::Hash, Value::String(text)) => Some(hash(text.as_str().as_bytes()).into()),
            (RedactAction::Hash, _) => Some(hash_of_any(&to_any_value(value)).into()),
        }
    }

    fn any_replacement(&self, value: &AnyValue) -> Option<AnyValue> {
        match self.config.action {
            RedactAction::Drop => None,
            RedactAction::Mask => Some(MASK.into()),
            RedactAction::Hash => Some(hash_of_any(value).into()),
        }
    }
}

/// Returns the hash of a text or of bytes; of another value, that of its form in lines of text.
fn hash_of_any(value: &AnyValue) -> String {
    match value {
        AnyValue::String(text) => hash(text.as_str().as_bytes()),
        AnyValue::Bytes(bytes) => hash(bytes),
        _ => {
            let mut text = String::new();
            push_value(&mut text, value);
            hash(text.as_bytes())
        }
    }
}

fn hash(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(64);
    push_hex(&mut out, &Sha256::digest(bytes));
    out
}
