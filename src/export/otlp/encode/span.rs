//! Spans: `Span` with its events, links and status.

use std::{borrow::Cow, ops::Range};

use opentelemetry::trace::{Event, Link, SpanId, SpanKind, Status};
use opentelemetry_sdk::trace::SpanData;

use super::{
    attributes::{self, write_attributes},
    requests::{Item, MessageNames},
    time::unix_nanos,
    writer::{Field, PartName, Writer},
};

const TRACE_ID: Field = Field::new(1, "traceId");
const SPAN_ID: Field = Field::new(2, "spanId");
const TRACE_STATE: Field = Field::new(3, "traceState");
const PARENT_SPAN_ID: Field = Field::new(4, "parentSpanId");
const NAME: Field = Field::new(5, "name");
const KIND: Field = Field::new(6, "kind");
const START_TIME: Field = Field::new(7, "startTimeUnixNano");
const END_TIME: Field = Field::new(8, "endTimeUnixNano");
const ATTRIBUTES: Field = Field::new(9, "attributes");
const DROPPED_ATTRIBUTES_COUNT: Field = Field::new(10, "droppedAttributesCount");
const EVENTS: Field = Field::new(11, "events");
const DROPPED_EVENTS_COUNT: Field = Field::new(12, "droppedEventsCount");
const LINKS: Field = Field::new(13, "links");
const DROPPED_LINKS_COUNT: Field = Field::new(14, "droppedLinksCount");
const STATUS: Field = Field::new(15, "status");
const FLAGS: Field = Field::new(16, "flags");

const EVENT_TIME: Field = Field::new(1, "timeUnixNano");
const EVENT_NAME: Field = Field::new(2, "name");
const EVENT_ATTRIBUTES: Field = Field::new(3, "attributes");
const EVENT_DROPPED_ATTRIBUTES_COUNT: Field = Field::new(4, "droppedAttributesCount");

const LINK_TRACE_ID: Field = Field::new(1, "traceId");
const LINK_SPAN_ID: Field = Field::new(2, "spanId");
const LINK_TRACE_STATE: Field = Field::new(3, "traceState");
const LINK_ATTRIBUTES: Field = Field::new(4, "attributes");
const LINK_DROPPED_ATTRIBUTES_COUNT: Field = Field::new(5, "droppedAttributesCount");
const LINK_FLAGS: Field = Field::new(6, "flags");

const STATUS_MESSAGE: Field = Field::new(2, "message");
const STATUS_CODE: Field = Field::new(3, "code");

/// The flag that tells whether the remote flag is known.
const HAS_IS_REMOTE: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;

impl Item for SpanData {
    const NAMES: MessageNames = MessageNames {
        resources: Field::new(1, "resourceSpans"),
        scopes: Field::new(2, "scopeSpans"),
        items: Field::new(2, "spans"),
    };

    #[inline]
    fn write<W: Writer>(&self, w: &mut W, _points: Range<usize>, _limit: usize) -> usize {
        write_span(w, self);
        1
    }
}

/// Writes the fields of a `Span`.
fn write_span<W: Writer>(w: &mut W, span: &SpanData) {
    let context = &span.span_context;
    w.id(TRACE_ID, context.trace_id().to_bytes());
    w.id(SPAN_ID, context.span_id().to_bytes());
    w.string_if_any(TRACE_STATE, &context.trace_state().header());
    if span.parent_span_id != SpanId::INVALID {
        w.id(PARENT_SPAN_ID, span.parent_span_id.to_bytes());
    }
    w.part(PartName::Single("the span name"));
    w.text_if_any(NAME, &span.name);
    w.uint32(KIND, kind_number(&span.span_kind));
    w.fixed64(START_TIME, unix_nanos(span.start_time));
    w.fixed64(END_TIME, unix_nanos(span.end_time));
    write_attributes(w, ATTRIBUTES, attributes::ITEM, &span.attributes);
    w.uint32_if_any(DROPPED_ATTRIBUTES_COUNT, span.dropped_attributes_count);
    w.list_if_any(EVENTS, &span.events.events, write_event);
    w.uint32_if_any(DROPPED_EVENTS_COUNT, span.events.dropped_count);
    w.list_if_any(LINKS, &span.links.links, write_link);
    w.uint32_if_any(DROPPED_LINKS_COUNT, span.links.dropped_count);
    w.message(STATUS, |w| write_status(w, &span.status));
    w.fixed32(FLAGS, flags(context.trace_flags().to_u8(), span.parent_span_is_remote));
}

fn write_event<W: Writer>(w: &mut W, event: &Event) {
    w.fixed64(EVENT_TIME, unix_nanos(event.timestamp));
    w.part(PartName::Single("the name of an event"));
    w.text_if_any(EVENT_NAME, &event.name);
    write_attributes(w, EVENT_ATTRIBUTES, attributes::EVENT, &event.attributes);
    w.uint32_if_any(EVENT_DROPPED_ATTRIBUTES_COUNT, event.dropped_attributes_count);
}

fn write_link<W: Writer>(w: &mut W, link: &Link) {
    let context = &link.span_context;
    w.id(LINK_TRACE_ID, context.trace_id().to_bytes());
    w.id(LINK_SPAN_ID, context.span_id().to_bytes());
    w.string_if_any(LINK_TRACE_STATE, &context.trace_state().header());
    write_attributes(w, LINK_ATTRIBUTES, attributes::LINK, &link.attributes);
    w.uint32_if_any(LINK_DROPPED_ATTRIBUTES_COUNT, link.dropped_attributes_count);
    w.fixed32(LINK_FLAGS, flags(context.trace_flags().to_u8(), context.is_remote()));
}

fn write_status<W: Writer>(w: &mut W, status: &Status) {
    let (code, description) = match status {
        Status::Unset => (0, &Cow::Borrowed("")),
        Status::Ok => (1, &Cow::Borrowed("")),
        Status::Error { description } => (2, description),
    };
    w.part(PartName::Single("the status description"));
    w.text_if_any(STATUS_MESSAGE, description);
    w.uint32_if_any(STATUS_CODE, code);
}

fn kind_number(kind: &SpanKind) -> u32 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

/// Returns the flags of a span or link; see "span flags" in the OTLP messages.
fn flags(trace_flags: u8, is_remote: bool) -> u32 {
    u32::from(trace_flags) | HAS_IS_REMOTE | if is_remote { IS_REMOTE } else { 0 }
}
