//! A span as JSON.

use opentelemetry::trace::{SpanId, Status};
use opentelemetry_sdk::trace::SpanData;
use serde_json::{Value, json};

use super::{
    attributes_json::attributes_json,
    span_fields::{duration, kind_name},
};
use crate::format::format_timestamp;

/// Returns the JSON object of a span.
pub(super) fn span_json(span: &SpanData) -> Value {
    let events: Vec<_> = span
        .events
        .events
        .iter()
        .map(|event| {
            json!({
                "timestamp": format_timestamp(Some(event.timestamp)),
                "name": event.name,
                "attributes": attributes_json(&event.attributes),
            })
        })
        .collect();
    let (status, description) = match &span.status {
        Status::Unset => ("unset", None),
        Status::Ok => ("ok", None),
        Status::Error { description } => ("error", Some(description.as_ref())),
    };
    let parent = (span.parent_span_id != SpanId::INVALID).then(|| span.parent_span_id.to_string());
    json!({
        "timestamp": format_timestamp(Some(span.start_time)),
        "span": span.name,
        "kind": kind_name(&span.span_kind),
        "scope": span.instrumentation_scope.name(),
        // Rounded to nanoseconds, without the digits that binary fractions add.
        "duration_ms": (duration(span).as_secs_f64() * 1e9).round() / 1e6,
        "status": status,
        "status_description": description,
        "attributes": attributes_json(&span.attributes),
        "events": events,
        "trace_id": span.span_context.trace_id().to_string(),
        "span_id": span.span_context.span_id().to_string(),
        "parent_span_id": parent,
    })
}
