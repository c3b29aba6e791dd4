//! Spans that are current for as long as a guard lives.

use std::{borrow::Cow, error::Error};

use opentelemetry::{
    Context, ContextGuard, KeyValue,
    trace::{SpanContext, Status, TraceContextExt as _, Tracer},
};

use crate::logs::exception;

/// Adds to every tracer what manual instrumentation needs most.
pub trait TracerExt: Tracer<Span: Send + Sync + 'static> {
    /// Starts a span and makes it the current one until the guard is dropped.
    ///
    /// Spans that are started and log records that are written meanwhile, on the same thread, belong to it. The guard
    /// cannot leave its thread, so it does not live across an `.await`; there, attach a context to the future with
    /// `with_context`.
    ///
    /// ```
    /// # let tools = autotelemetry::ObservabilityTools::disabled();
    /// use autotelemetry::prelude::*;
    ///
    /// let tracer = tools.tracer("checkout");
    /// let span = tracer.start_as_current_span("load_cart");
    /// span.set_attribute(KeyValue::new("cart.id", "4711"));
    /// ```
    fn start_as_current_span(&self, name: impl Into<Cow<'static, str>>) -> ActiveSpan {
        let context = Context::current_with_span(self.start(name));
        let guard = context.clone().attach();
        ActiveSpan { context, _guard: guard }
    }
}

impl<T: Tracer<Span: Send + Sync + 'static>> TracerExt for T {}

/// A span that is current until this is dropped, which also ends it.
#[must_use = "the span ends when this is dropped: bind it to a name such as `_span`, since `_` drops it at once"]
#[derive(Debug)]
pub struct ActiveSpan {
    context: Context,
    // Dropped after `drop` has ended the span.
    _guard: ContextGuard,
}

impl ActiveSpan {
    /// The context that holds the span, for work that goes on elsewhere.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The ids of the span.
    #[must_use]
    pub fn span_context(&self) -> SpanContext {
        self.context.span().span_context().clone()
    }

    /// Whether the span is kept. Worth asking before attributes are costly to make.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.context.span().is_recording()
    }

    /// Sets an attribute.
    pub fn set_attribute(&self, attribute: KeyValue) {
        self.context.span().set_attribute(attribute);
    }

    /// Sets several attributes.
    pub fn set_attributes(&self, attributes: impl IntoIterator<Item = KeyValue>) {
        self.context.span().set_attributes(attributes);
    }

    /// Adds an event that happens now.
    pub fn add_event(&self, name: impl Into<Cow<'static, str>>, attributes: &[KeyValue]) {
        self.context.span().add_event(name, attributes.to_vec());
    }

    /// Adds a link to another span.
    pub fn add_link(&self, span_context: SpanContext, attributes: &[KeyValue]) {
        self.context.span().add_link(span_context, attributes.to_vec());
    }

    /// Says how the operation ended.
    pub fn set_status(&self, status: Status) {
        self.context.span().set_status(status);
    }

    /// Adds an event that describes `error`. Whether the operation failed because of it is for [`set_status`] to say.
    ///
    /// See the semantic conventions, "Exceptions on spans": the event is called `exception` and holds the attributes
    /// `exception.type`, `exception.message` and `exception.stacktrace`, as the record of [`Logger::exception`] does.
    ///
    /// [`set_status`]: Self::set_status
    /// [`Logger::exception`]: crate::Logger::exception
    pub fn record_error<E: Error + ?Sized>(&self, error: &E) {
        if self.is_recording() {
            let attributes = exception(error).map(|(key, value)| KeyValue::new(key, value));
            self.context.span().add_event("exception", attributes.collect());
        }
    }

    /// Gives the span another name.
    pub fn update_name(&self, name: impl Into<Cow<'static, str>>) {
        self.context.span().update_name(name.into());
    }
}

impl Drop for ActiveSpan {
    fn drop(&mut self) {
        self.context.span().end();
    }
}
