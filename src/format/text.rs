//! Text for people: `time level target: message key=value … trace=…`.

use opentelemetry::{InstrumentationScope, logs::AnyValue};
use opentelemetry_sdk::logs::SdkLogRecord;

use super::{
    exception::repeats_message,
    hex::push_hex,
    palette::Palette,
    record::{LEVEL_NAMES, level_index, record_time, target},
    time::push_timestamp,
    value::push_value,
};
use crate::text::push_escaped_controls;

/// Appends the line of a record.
pub(crate) fn push_record(
    out: &mut String,
    record: &SdkLogRecord,
    scope: &InstrumentationScope,
    palette: Palette,
) {
    let (dim, reset) = (palette.dim(), palette.reset());
    out.push_str(dim);
    push_timestamp(out, record_time(record));
    let level = LEVEL_NAMES[level_index(record.severity_number())];
    // Level names have at most five letters and are right-aligned.
    out.extend([reset, " ", palette.level(level), &"    "[level.len().min(5) - 1..], level, reset, " "]);
    out.push_str(dim);
    push_escaped_controls(out, target(record, scope));
    out.extend([":", reset]);
    match record.body() {
        None => {}
        Some(AnyValue::String(body)) => {
            out.push(' ');
            push_escaped_controls(out, body.as_str());
        }
        Some(body) => {
            out.push(' ');
            push_value(out, body);
        }
    }
    let attributes = || record.attributes_iter().map(|(key, attribute)| (key.as_str(), attribute));
    for (key, attribute) in attributes() {
        if repeats_message(key, attribute, attributes()) {
            continue;
        }
        out.push(' ');
        out.push_str(palette.accent());
        push_escaped_controls(out, key);
        out.extend([reset, "="]);
        push_value(out, attribute);
    }
    if let Some(context) = record.trace_context() {
        // Four bytes are enough to find other lines of the trace; JSON and OTLP have the whole id.
        out.extend([" ", dim, "trace="]);
        push_hex(out, &context.trace_id.to_bytes()[..4]);
        out.push_str(reset);
    }
    out.push('\n');
}
