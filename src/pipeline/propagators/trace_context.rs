//! Propagates trace context in the format of W3C Trace Context, Level 2.
//!
//! The propagator of the SDK accepts ids and versions that are too short, reads only the first of
//! repeated headers, and removes the flag that says that a trace id is random.

use std::sync::LazyLock;

use opentelemetry::{
    Context, SpanId, TraceFlags, TraceId,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
    trace::{SpanContext, TraceContextExt as _, TraceState},
};

const TRACE_PARENT: &str = "traceparent";
const TRACE_STATE: &str = "tracestate";
static FIELDS: LazyLock<[String; 2]> = LazyLock::new(|| [TRACE_PARENT, TRACE_STATE].map(str::to_owned));

/// The length of `traceparent` in version 00. Later versions may append fields.
const LEN: usize = 55;

/// The version that is not valid.
const NO_VERSION: u8 = 0xFF;

/// The flags that Level 2 defines: `sampled` and `random`. Others are not passed on.
const KNOWN_FLAGS: TraceFlags = TraceFlags::new(0x03);

/// The greatest number of members of `tracestate`.
const MAX_MEMBERS: usize = 32;

/// Reads trace context from incoming requests and writes it to outgoing ones.
#[derive(Debug)]
pub(super) struct W3cPropagator;

impl TextMapPropagator for W3cPropagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        let span = context.span();
        let span = span.span_context();
        if !span.is_valid() {
            return;
        }
        let flags = span.trace_flags() & KNOWN_FLAGS;
        injector.set(TRACE_PARENT, format!("00-{}-{}-{flags:02x}", span.trace_id(), span.span_id()));
        let trace_state = span.trace_state().header();
        if !trace_state.is_empty() {
            injector.set(TRACE_STATE, trace_state);
        }
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        // Which of several parents is the right one is unknown.
        let parent = match extractor.get_all(TRACE_PARENT).as_deref() {
            Some([header]) => parent(header.trim()),
            _ => None,
        };
        let Some((trace_id, span_id, flags)) = parent else { return context.clone() };
        // A repeated `tracestate` is one list. See RFC 9110, section 5.3.
        let members = extractor.get_all(TRACE_STATE).unwrap_or_default();
        let members = members.iter().flat_map(|header| header.split(','));
        let trace_state = trace_state(members).unwrap_or_default();
        context.with_remote_span_context(SpanContext::new(trace_id, span_id, flags, true, trace_state))
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&*FIELDS)
    }
}

/// Parses `VERSION-TRACE-PARENT-FLAGS`.
fn parent(header: &str) -> Option<(TraceId, SpanId, TraceFlags)> {
    let (fields, rest) = header.split_at_checked(LEN)?;
    let mut fields = fields.split('-');
    let version = u8::try_from(hex(fields.next()?, 2)?).ok()?;
    let trace_id = hex(fields.next()?, 32)?;
    let span_id = u64::try_from(hex(fields.next()?, 16)?).ok()?;
    let flags = u8::try_from(hex(fields.next()?, 2)?).ok()?;
    let is_version = match version {
        0 => rest.is_empty(),
        NO_VERSION => false,
        _ => rest.is_empty() || rest.starts_with('-'),
    };
    (is_version && trace_id != 0 && span_id != 0)
        .then(|| (TraceId::from(trace_id), SpanId::from(span_id), TraceFlags::new(flags) & KNOWN_FLAGS))
}

/// Parses a number of exactly `len` digits, which are lowercase.
fn hex(text: &str, len: usize) -> Option<u128> {
    let is_hex = text.len() == len && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_hex.then(|| u128::from_str_radix(text, 16).ok())?
}

/// Parses the members of a list. One that is not valid makes the whole list invalid.
fn trace_state<'h>(members: impl Iterator<Item = &'h str>) -> Option<TraceState> {
    let mut read = Vec::new();
    for member in members.map(|member| member.trim_matches([' ', '\t'])).filter(|member| !member.is_empty()) {
        let (key, value) = member.split_once('=')?;
        let is_value = !value.is_empty() && value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if key.is_empty() || !is_value || read.len() == MAX_MEMBERS {
            return None;
        }
        read.push((key, value));
    }
    TraceState::from_key_value(read).ok()
}
