//! Builds the propagator.

use std::sync::Arc;

use opentelemetry::{
    Context,
    propagation::{
        Extractor, Injector, TextMapCompositePropagator, TextMapPropagator, text_map_propagator::FieldIter,
    },
};
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};

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
                config::PropagatorName::TraceContext => Box::new(TraceContextPropagator::new()),
                config::PropagatorName::Baggage => Box::new(BaggagePropagator::new()),
            }
        })
        .collect();
    Propagator(Arc::new(TextMapCompositePropagator::new(propagators)))
}

impl TextMapPropagator for Propagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        // The caller has accessed the current context, so the end of this thread matters.
        let _ = context::is_accessible();
        self.0.inject_context(context, injector);
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        // The caller has accessed the current context, so the end of this thread matters.
        let _ = context::is_accessible();
        self.0.extract_with_context(context, extractor)
    }

    fn fields(&self) -> FieldIter<'_> {
        self.0.fields()
    }
}
