//! A propagator of the program.

use std::sync::Arc;

use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
};

use crate::shield::shielded;

/// Calls a propagator of the program. If it panics, the context or the headers stay as they are.
#[derive(Debug)]
pub(super) struct OwnPropagator(SharedPropagator);

/// A propagator of the program.
pub(crate) type SharedPropagator = Arc<dyn TextMapPropagator + Send + Sync>;

impl OwnPropagator {
    pub(super) fn new(propagator: SharedPropagator) -> Self {
        Self(propagator)
    }
}

impl TextMapPropagator for OwnPropagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        let _ = shielded(|| self.0.inject_context(context, injector));
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        shielded(|| self.0.extract_with_context(context, extractor)).unwrap_or_else(|| context.clone())
    }

    fn fields(&self) -> FieldIter<'_> {
        self.0.fields()
    }
}
