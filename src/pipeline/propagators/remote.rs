//! Parts that the formats for remote parents share.

use opentelemetry::{
    Context, SpanId, TraceFlags, TraceId,
    propagation::Extractor,
    trace::{SpanContext, TraceContextExt as _, TraceState},
};

/// The longest header that is read.
const MAX_HEADER_BYTES: usize = 8192;

/// Returns a header without spaces around it, unless it is missing or too long.
pub(super) fn header<'e>(extractor: &'e dyn Extractor, name: &str) -> Option<&'e str> {
    extractor.get(name).map(str::trim).filter(|value| value.len() <= MAX_HEADER_BYTES)
}

/// The parent of the spans of a request, as its headers describe it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Remote {
    pub(super) trace_id: u128,
    pub(super) span_id: u64,
    /// The decision of the caller. Without one, the trace is not sampled.
    pub(super) is_sampled: bool,
    /// The caller requests that nothing drops the trace.
    pub(super) is_debug: bool,
}

/// The id of a trace for which a caller has requested debugging. The formats of Zipkin and Jaeger
/// pass the request on. A context may later belong to another trace.
#[derive(Debug)]
struct DebugTrace(u128);

impl Remote {
    /// Returns `None` for ids that are not valid.
    pub(super) fn new(trace_id: u128, span_id: u64, is_sampled: bool, is_debug: bool) -> Option<Self> {
        let is_valid = trace_id != 0 && span_id != 0;
        is_valid.then_some(Self { trace_id, span_id, is_sampled: is_sampled || is_debug, is_debug })
    }

    /// Returns the current span of a context, if it has one.
    pub(super) fn of(context: &Context) -> Option<Self> {
        let span = context.span();
        let span = span.span_context();
        let trace_id = u128::from_be_bytes(span.trace_id().to_bytes());
        let is_debug = context.get::<DebugTrace>().is_some_and(|DebugTrace(id)| *id == trace_id);
        let span_id = u64::from_be_bytes(span.span_id().to_bytes());
        Self::new(trace_id, span_id, span.is_sampled(), is_debug && span.is_sampled())
    }

    /// Returns the context with this parent.
    pub(super) fn attach_to(self, context: &Context) -> Context {
        let flags = if self.is_sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
        let ids = (TraceId::from(self.trace_id), SpanId::from(self.span_id));
        let span = SpanContext::new(ids.0, ids.1, flags, true, TraceState::default());
        let context = context.with_remote_span_context(span);
        if self.is_debug { context.with_value(DebugTrace(self.trace_id)) } else { context }
    }
}

/// Parses an id of 16 or 32 hexadecimal digits.
pub(super) fn trace_id(text: &str) -> Option<u128> {
    if matches!(text.len(), 16 | 32) { hex(text) } else { None }
}

/// Parses an id of 16 hexadecimal digits.
pub(super) fn span_id(text: &str) -> Option<u64> {
    if text.len() == 16 { u64::try_from(hex(text)?).ok() } else { None }
}

/// Parses up to 32 hexadecimal digits.
pub(super) fn hex(text: &str) -> Option<u128> {
    let is_hex = matches!(text.len(), 1..=32) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u128::from_str_radix(text, 16).ok())?
}
