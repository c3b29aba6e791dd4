//! Spans that several layers would convert.
//!
//! `tracing-opentelemetry` panics if two of its layers convert the same span, and keeps its data
//! private. Therefore each span is marked by the layer of this crate that converts it, unless there
//! is no other one.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tracing::{Dispatch, Subscriber, span::Id};
use tracing_subscriber::{layer::Context as LayerContext, registry::LookupSpan};

use crate::diagnostics::DiagnosticLog;

/// Marks a span that a layer of this crate converts.
struct Converted;

/// Marks a converted span that another layer of this crate would also convert.
struct Shared;

/// The number of layers of this crate.
static LAYERS: AtomicUsize = AtomicUsize::new(0);

/// Decides which spans a layer converts: those that no other layer has converted before.
pub(super) struct SharedSpans {
    diagnostics: DiagnosticLog,
    /// True if spans are marked even by the only layer.
    always_marks: bool,
    /// True after another layer has converted a span.
    is_second: AtomicBool,
    /// True after a layer of the program has converted a span.
    is_beside_foreign: AtomicBool,
}

impl SharedSpans {
    pub(super) fn new(diagnostics: DiagnosticLog, always_marks: bool) -> Self {
        LAYERS.fetch_add(1, Ordering::SeqCst);
        Self {
            diagnostics,
            always_marks,
            is_second: AtomicBool::new(false),
            is_beside_foreign: AtomicBool::new(false),
        }
    }

    /// Returns whether the layer converts this new span. Reports once if it does not.
    ///
    /// `dispatch` is the subscriber if other layers of it may have converted the span before.
    #[inline]
    pub(super) fn claim<S>(&self, id: &Id, ctx: &LayerContext<'_, S>, dispatch: Option<&Dispatch>) -> bool
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let is_only_layer = !self.always_marks && LAYERS.load(Ordering::Relaxed) == 1;
        if is_only_layer && dispatch.is_none() && !self.is_beside_foreign.load(Ordering::Relaxed) {
            return true;
        }
        self.claim_shared(id, ctx, dispatch)
    }

    fn claim_shared<S>(&self, id: &Id, ctx: &LayerContext<'_, S>, dispatch: Option<&Dispatch>) -> bool
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let Some(span) = ctx.span(id) else { return false };
        {
            let mut extensions = span.extensions_mut();
            if extensions.replace(Converted).is_some() {
                extensions.replace(Shared);
                drop(extensions);
                self.report("another layer of autotelemetry");
                return false;
            }
        }
        if self.is_converted_by_foreign(id, dispatch) {
            span.extensions_mut().remove::<Converted>();
            self.is_beside_foreign.store(true, Ordering::Relaxed);
            self.report("a layer of tracing-opentelemetry");
            return false;
        }
        true
    }

    /// Asking for the context starts the span, so it happens at most once for a span of others.
    fn is_converted_by_foreign(&self, id: &Id, dispatch: Option<&Dispatch>) -> bool {
        let context_of = |dispatch| tracing_opentelemetry::get_otel_context(id, dispatch);
        self.is_beside_foreign.load(Ordering::Relaxed) || dispatch.and_then(context_of).is_some()
    }

    /// Returns whether the layer converts this span.
    #[inline]
    pub(super) fn converts<S>(&self, id: &Id, ctx: &LayerContext<'_, S>) -> bool
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        !self.is_second.load(Ordering::Relaxed) || (is_converted(id, ctx) && !is_shared(id, ctx))
    }

    fn report(&self, other: &str) {
        if !self.is_second.swap(true, Ordering::Relaxed) {
            self.diagnostics.warn(format_args!(
                "the spans of `tracing` are recorded once: {other} is in the same subscriber and already \
                 records them; remove one of the layers"
            ));
        }
    }
}

impl Drop for SharedSpans {
    fn drop(&mut self) {
        LAYERS.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Returns whether a layer of this crate has marked this span.
pub(super) fn is_converted<S>(id: &Id, ctx: &LayerContext<'_, S>) -> bool
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    has::<Converted, S>(id, ctx)
}

/// Returns whether another layer of this crate would also convert this span.
pub(super) fn is_shared<S>(id: &Id, ctx: &LayerContext<'_, S>) -> bool
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    has::<Shared, S>(id, ctx)
}

fn has<T: 'static, S>(id: &Id, ctx: &LayerContext<'_, S>) -> bool
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    ctx.span(id).is_some_and(|span| span.extensions().get::<T>().is_some())
}
