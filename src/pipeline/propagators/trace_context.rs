//! Propagates trace context in the format of W3C Trace Context.

use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
};
use opentelemetry_sdk::propagation::TraceContextPropagator;

const TRACE_STATE: &str = "tracestate";

/// The propagator of the SDK, which reads only the first of repeated headers.
#[derive(Debug)]
pub(super) struct W3cPropagator(TraceContextPropagator);

impl W3cPropagator {
    pub(super) fn new() -> Self {
        Self(TraceContextPropagator::new())
    }
}

impl TextMapPropagator for W3cPropagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        self.0.inject_context(context, injector);
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        // A repeated `tracestate` is one list. See RFC 9110, section 5.3.
        match extractor.get_all(TRACE_STATE) {
            Some(values) if values.len() > 1 => {
                let joined = JoinedTraceState { extractor, trace_state: values.join(",") };
                self.0.extract_with_context(context, &joined)
            }
            _ => self.0.extract_with_context(context, extractor),
        }
    }

    fn fields(&self) -> FieldIter<'_> {
        self.0.fields()
    }
}

/// Returns the members of all `tracestate` headers as one.
struct JoinedTraceState<'e> {
    extractor: &'e dyn Extractor,
    trace_state: String,
}

impl Extractor for JoinedTraceState<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        if key == TRACE_STATE { Some(&self.trace_state) } else { self.extractor.get(key) }
    }

    fn keys(&self) -> Vec<&str> {
        self.extractor.keys()
    }
}
