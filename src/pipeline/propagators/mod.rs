//! Builds the propagator.

mod b3;
mod baggage;
mod env_carrier;
mod jaeger;
mod open_tracing;
mod own;
mod prefixed_baggage;
mod remote;
mod trace_context;
mod xray;

use std::{process::Command, sync::Arc};

use opentelemetry::{
    Context,
    propagation::{
        Extractor, Injector, TextMapCompositePropagator, TextMapPropagator, text_map_propagator::FieldIter,
    },
};

use self::{
    b3::B3Propagator,
    baggage::BaggagePropagator,
    env_carrier::{EnvExtractor, EnvInjector, variable_name},
    jaeger::JaegerPropagator,
    open_tracing::OpenTracingPropagator,
    own::OwnPropagator,
    trace_context::W3cPropagator,
    xray::XRayPropagator,
};
use crate::{
    config::{self, OwnOr, PropagatorList},
    context,
};

/// Reads trace context from incoming requests and writes it to outgoing ones.
#[derive(Debug, Clone)]
pub struct Propagator(Arc<TextMapCompositePropagator>);

/// `take_own` returns a propagator of the program.
pub(super) fn propagator(
    selection: &PropagatorList,
    mut take_own: impl FnMut(&str) -> Option<Box<dyn TextMapPropagator + Send + Sync>>,
) -> Propagator {
    let mut propagators: Vec<Box<dyn TextMapPropagator + Send + Sync>> = Vec::new();
    for propagator in selection.as_slice() {
        match propagator {
            OwnOr::BuiltIn(name) => propagators.push(built_in(*name)),
            OwnOr::Own(name) => {
                if let Some(own) = take_own(name) {
                    propagators.push(Box::new(OwnPropagator::new(own)));
                }
            }
        }
    }
    Propagator(Arc::new(TextMapCompositePropagator::new(propagators)))
}

fn built_in(name: config::PropagatorName) -> Box<dyn TextMapPropagator + Send + Sync> {
    match name {
        config::PropagatorName::TraceContext => Box::new(W3cPropagator),
        config::PropagatorName::Baggage => Box::new(BaggagePropagator),
        config::PropagatorName::B3 => Box::new(B3Propagator::single()),
        config::PropagatorName::B3Multi => Box::new(B3Propagator::multi()),
        config::PropagatorName::Jaeger => Box::new(JaegerPropagator),
        config::PropagatorName::OpenTracing => Box::new(OpenTracingPropagator),
        config::PropagatorName::XRay => Box::new(XRayPropagator),
    }
}

impl Propagator {
    /// Reads the context that another process passes in environment variables.
    pub(crate) fn extract_env<'e>(&self, get: &'e dyn Fn(&str) -> Option<&'e str>) -> Context {
        self.0.extract_with_context(&Context::new(), &EnvExtractor(get))
    }

    /// Passes the current context to a process. Variables of this process that describe another one
    /// are removed; without anything to pass, they remain.
    pub(crate) fn inject_env(&self, command: &mut Command) {
        let mut injector = EnvInjector::default();
        context::with_current(|context| self.0.inject_context(context, &mut injector));
        let EnvInjector(variables) = injector;
        if variables.is_empty() {
            return;
        }
        for field in self.0.fields() {
            command.env_remove(&*variable_name(field));
        }
        command.envs(variables);
    }
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
