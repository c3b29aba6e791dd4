//! JSON for machines: one object per line.

use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::logs::SdkLogRecord;
use serde::{Serialize, Serializer, ser::SerializeMap as _};

use super::{level, target, time_of, value};

#[derive(Serialize)]
struct Line<'r> {
    timestamp: String,
    level: &'static str,
    target: &'r str,
    message: Option<serde_json::Value>,
    #[serde(serialize_with = "attributes")]
    attributes: &'r SdkLogRecord,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<String>,
}

fn attributes<S: Serializer>(record: &SdkLogRecord, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    for (key, attribute) in record.attributes_iter() {
        map.serialize_entry(key.as_str(), &value::json(attribute))?;
    }
    map.end()
}

/// Appends the line of one record.
pub(crate) fn line(out: &mut String, record: &SdkLogRecord, scope: &InstrumentationScope) {
    let context = record.trace_context();
    append(
        out,
        &Line {
            timestamp: time_of(record),
            level: level(record.severity_number()),
            target: target(record, scope),
            message: record.body().map(value::json),
            attributes: record,
            trace_id: context.map(|context| context.trace_id.to_string()),
            span_id: context.map(|context| context.span_id.to_string()),
        },
    );
}

/// Appends anything as one line of JSON.
pub(crate) fn append(out: &mut String, value: &impl Serialize) {
    // Only maps with keys that are no strings can fail, and there are none.
    if let Ok(line) = serde_json::to_string(value) {
        out.push_str(&line);
        out.push('\n');
    }
}
