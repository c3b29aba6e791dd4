//! Propagates trace context and baggage in the format of Jaeger's clients.

use std::sync::LazyLock;

use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
};
use percent_encoding::percent_decode_str;

use super::{
    prefixed_baggage,
    remote::{Remote, header, hex},
};

const HEADER: &str = "uber-trace-id";
const BAGGAGE_PREFIX: &str = "uberctx-";
static FIELDS: LazyLock<[String; 1]> = LazyLock::new(|| [HEADER.to_owned()]);

/// The bits of the flags.
const SAMPLED: u128 = 1;
const DEBUG: u128 = 2;

/// Reads and writes `uber-trace-id` and `uberctx-…`.
#[derive(Debug)]
pub(super) struct JaegerPropagator;

impl TextMapPropagator for JaegerPropagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        if let Some(Remote { trace_id, span_id, is_sampled, is_debug }) = Remote::of(context) {
            let flags = u8::from(is_sampled) | u8::from(is_debug) << 1;
            // The third part is the parent of the span, which is no longer in use.
            injector.set(HEADER, format!("{trace_id:032x}:{span_id:016x}:0:{flags:x}"));
        }
        prefixed_baggage::inject(BAGGAGE_PREFIX, context, injector);
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        let context = prefixed_baggage::extract(BAGGAGE_PREFIX, context, extractor);
        let remote = header(extractor, HEADER).and_then(parse);
        remote.map_or_else(|| context.clone(), |remote| remote.attach_to(&context))
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&*FIELDS)
    }
}

/// Parses `TRACE:SPAN:PARENT:FLAGS`, whose ids may lack leading zeros.
fn parse(header: &str) -> Option<Remote> {
    let header = percent_decode_str(header).decode_utf8().ok()?;
    let mut parts = header.split(':');
    let trace_id = hex(parts.next()?)?;
    let span_id = u64::try_from(hex(parts.next()?)?).ok()?;
    let _parent = parts.next()?;
    let flags = hex(parts.next()?)?;
    if parts.next().is_some() {
        return None;
    }
    // A request for debugging counts only with the decision to sample.
    let is_sampled = flags & SAMPLED != 0;
    Remote::new(trace_id, span_id, is_sampled, is_sampled && flags & DEBUG != 0)
}
