//! Propagates trace context and baggage in the format of OpenTracing's basic tracers.

use std::sync::LazyLock;

use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
};

use super::{
    prefixed_baggage,
    remote::{Remote, header, span_id, trace_id},
};

const TRACE_ID: &str = "ot-tracer-traceid";
const SPAN_ID: &str = "ot-tracer-spanid";
const SAMPLED: &str = "ot-tracer-sampled";
const BAGGAGE_PREFIX: &str = "ot-baggage-";
static FIELDS: LazyLock<[String; 3]> = LazyLock::new(|| [TRACE_ID, SPAN_ID, SAMPLED].map(str::to_owned));

/// Reads and writes `ot-tracer-…` and `ot-baggage-…`.
#[derive(Debug)]
pub(super) struct OpenTracingPropagator;

impl TextMapPropagator for OpenTracingPropagator {
    /// Writes the last 64 bits of the trace id, because the format has no more.
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        // The format passes baggage with a trace only.
        let Some(Remote { trace_id, span_id, is_sampled, .. }) = Remote::of(context) else { return };
        injector.set(TRACE_ID, format!("{:016x}", trace_id & u128::from(u64::MAX)));
        injector.set(SPAN_ID, format!("{span_id:016x}"));
        injector.set(SAMPLED, is_sampled.to_string());
        prefixed_baggage::inject(BAGGAGE_PREFIX, context, injector);
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        let Some(remote) = extract(extractor) else { return context.clone() };
        remote.attach_to(&prefixed_baggage::extract(BAGGAGE_PREFIX, context, extractor))
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&*FIELDS)
    }
}

fn extract(extractor: &dyn Extractor) -> Option<Remote> {
    let ids = (trace_id(header(extractor, TRACE_ID)?)?, span_id(header(extractor, SPAN_ID)?)?);
    let is_sampled = match header(extractor, SAMPLED) {
        Some("true" | "1") => true,
        None | Some("false" | "0") => false,
        Some(_) => return None,
    };
    Remote::new(ids.0, ids.1, is_sampled, false)
}
