//! Log records: `LogRecord`.

use std::ops::Range;

use opentelemetry_sdk::logs::SdkLogRecord;

use super::{
    attributes::{BODY, write_any, write_any_attributes},
    requests::{Item, MessageNames},
    time::unix_nanos,
    writer::{Field, PartName, Writer},
};

const TIME: Field = Field::new(1, "timeUnixNano");
const SEVERITY_NUMBER: Field = Field::new(2, "severityNumber");
const SEVERITY_TEXT: Field = Field::new(3, "severityText");
const RECORD_BODY: Field = Field::new(5, "body");
const ATTRIBUTES: Field = Field::new(6, "attributes");
const FLAGS: Field = Field::new(8, "flags");
const TRACE_ID: Field = Field::new(9, "traceId");
const SPAN_ID: Field = Field::new(10, "spanId");
const OBSERVED_TIME: Field = Field::new(11, "observedTimeUnixNano");
const EVENT_NAME: Field = Field::new(12, "eventName");

impl Item for SdkLogRecord {
    const NAMES: MessageNames = MessageNames {
        resources: Field::new(1, "resourceLogs"),
        scopes: Field::new(2, "scopeLogs"),
        items: Field::new(2, "logRecords"),
    };

    #[inline]
    fn write<W: Writer>(&self, w: &mut W, _points: Range<usize>, _limit: usize) -> usize {
        write_record(w, self);
        1
    }
}

/// Writes the fields of a `LogRecord`.
fn write_record<W: Writer>(w: &mut W, record: &SdkLogRecord) {
    if let Some(time) = record.timestamp() {
        w.fixed64(TIME, unix_nanos(time));
    }
    if let Some(severity) = record.severity_number() {
        w.uint32(SEVERITY_NUMBER, severity as u32);
    }
    w.string_if_any(SEVERITY_TEXT, record.severity_text().unwrap_or_default());
    if let Some(body) = record.body() {
        w.part(PartName::Single("the body"));
        w.message(RECORD_BODY, |w| write_any(w, BODY, body));
    }
    write_any_attributes(w, ATTRIBUTES, record.attributes_iter());
    if let Some(context) = record.trace_context() {
        let flags = context.trace_flags.unwrap_or_default().to_u8();
        if flags != 0 {
            w.fixed32(FLAGS, flags.into());
        }
        w.id(TRACE_ID, context.trace_id.to_bytes());
        w.id(SPAN_ID, context.span_id.to_bytes());
    }
    if let Some(time) = record.observed_timestamp() {
        w.fixed64(OBSERVED_TIME, unix_nanos(time));
    }
    w.string_if_any(EVENT_NAME, record.event_name().unwrap_or_default());
}
