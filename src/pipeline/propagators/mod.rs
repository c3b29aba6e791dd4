//! Builds the propagator.

mod b3;
mod baggage;
mod env_carrier;
mod field_list;
mod jaeger;
mod open_tracing;
mod own;
mod prefixed_baggage;
mod remote;
mod trace_context;
mod xray;

use std::{process::Command, sync::Arc};

use arc_swap::ArcSwap;
use opentelemetry::{
    Context,
    propagation::{
        Extractor, Injector, TextMapCompositePropagator, TextMapPropagator, text_map_propagator::FieldIter,
    },
};

pub(super) use self::own::SharedPropagator;
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
///
/// Clones share the formats, which a reload may change.
#[derive(Debug, Clone)]
pub struct Propagator(Arc<ArcSwap<Formats>>);

/// The formats of a [`Propagator`].
#[derive(Debug)]
pub(super) struct Formats {
    propagator: TextMapCompositePropagator,
    /// The fields of all formats. Callers borrow them while a reload may replace the formats.
    fields: &'static [String],
}

impl Formats {
    /// `own` returns a propagator of the program.
    pub(super) fn new(selection: &PropagatorList, own: impl Fn(&str) -> Option<SharedPropagator>) -> Self {
        let mut propagators: Vec<Box<dyn TextMapPropagator + Send + Sync>> = Vec::new();
        for propagator in selection.as_slice() {
            match propagator {
                OwnOr::BuiltIn(name) => propagators.push(built_in(*name)),
                OwnOr::Own(name) => {
                    if let Some(own) = own(name) {
                        propagators.push(Box::new(OwnPropagator::new(own)));
                    }
                }
            }
        }
        let propagator = TextMapCompositePropagator::new(propagators);
        let fields = field_list::interned(propagator.fields().map(str::to_owned).collect());
        Self { propagator, fields }
    }
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
    pub(super) fn new(formats: Formats) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(formats)))
    }

    /// Replaces the formats.
    pub(super) fn set(&self, formats: Formats) {
        self.0.store(Arc::new(formats));
    }

    /// Reads the context that another process passes in environment variables.
    pub(crate) fn extract_env<'e>(&self, get: &'e dyn Fn(&str) -> Option<&'e str>) -> Context {
        self.0.load().propagator.extract_with_context(&Context::new(), &EnvExtractor(get))
    }

    /// Passes the current context to a process. Variables of this process that describe another one
    /// are removed; without anything to pass, they remain.
    pub(crate) fn inject_env(&self, command: &mut Command) {
        let mut injector = EnvInjector::default();
        let formats = self.0.load();
        context::with_current(|context| formats.propagator.inject_context(context, &mut injector));
        let EnvInjector(variables) = injector;
        if variables.is_empty() {
            return;
        }
        for field in formats.fields {
            command.env_remove(&*variable_name(field));
        }
        command.envs(variables);
    }
}

impl TextMapPropagator for Propagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        // The caller has accessed the current context.
        context::watch_current();
        self.0.load().propagator.inject_context(context, injector);
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        // The caller has accessed the current context.
        context::watch_current();
        self.0.load().propagator.extract_with_context(context, extractor)
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(self.0.load().fields)
    }
}
