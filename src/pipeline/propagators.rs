//! Builds the propagator.

use std::sync::Arc;

use opentelemetry::{
    Context,
    propagation::{
        Extractor, Injector, TextMapCompositePropagator, TextMapPropagator, text_map_propagator::FieldIter,
    },
};
use opentelemetry_sdk::propagation::TraceContextPropagator;

use super::baggage::BaggagePropagator;
use crate::{config, config::PropagatorList, context};

/// Reads trace context from incoming requests and writes it to outgoing ones.
#[derive(Debug, Clone)]
pub struct Propagator(Arc<TextMapCompositePropagator>);

pub(super) fn propagator(selection: &PropagatorList) -> Propagator {
    let propagators = selection
        .as_slice()
        .iter()
        .map(|propagator| -> Box<dyn TextMapPropagator + Send + Sync> {
            match propagator {
                config::PropagatorName::TraceContext => Box::new(TraceContext(TraceContextPropagator::new())),
                config::PropagatorName::Baggage => Box::new(BaggagePropagator),
            }
        })
        .collect();
    Propagator(Arc::new(TextMapCompositePropagator::new(propagators)))
}

impl TextMapPropagator for Propagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        // The caller has accessed the current context.
        context::watch_current();
        self.0.inject_context(context, injector);
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        // The caller has accessed the current context.
        context::watch_current();
        self.0.extract_with_context(context, extractor)
    }

    fn fields(&self) -> FieldIter<'_> {
        self.0.fields()
    }
}

const TRACE_STATE: &str = "tracestate";

/// The propagator of the SDK, which reads only the first of repeated headers.
#[derive(Debug)]
struct TraceContext(TraceContextPropagator);

impl TextMapPropagator for TraceContext {
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
