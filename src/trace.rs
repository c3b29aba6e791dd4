//! Spans that are current while a guard lives.

use std::{borrow::Cow, error::Error};

use opentelemetry::{
    Context, KeyValue,
    trace::{SpanContext, Status, TraceContextExt as _, Tracer},
};

use crate::{
    context::{self, AttachedContext},
    logs::exception_attributes,
};

/// Extends every tracer with spans that are current while a guard lives.
pub trait TracerExt: Tracer<Span: Send + Sync + 'static> {
    /// Starts a span and makes it current until the guard is dropped.
    ///
    /// Until then, spans that start on this thread become its children, and log records carry its
    /// ids. The guard cannot leave its thread and cannot be held across an `.await`. In
    /// asynchronous code, attach a context to the future with `with_context` instead.
    ///
    /// The span is recorded but does not become current in three cases: in the destructor of a
    /// thread-local, while the thread panics, and inside `get_active_span` or
    /// `Context::map_current`.
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
        let context = if context::is_accessible() {
            Context::current_with_span(self.start(name))
        } else {
            let no_parent = Context::new();
            no_parent.with_span(self.start_with_context(name, &no_parent))
        };
        let attached = context::attach(context.clone());
        ActiveSpan { context, _attached: attached }
    }
}

impl<T: Tracer<Span: Send + Sync + 'static>> TracerExt for T {}

/// A span that is current until this guard is dropped. Dropping it also ends the span.
#[must_use = "the span ends when this is dropped: bind it to a name such as `_span`, since `_` drops it at once"]
#[derive(Debug)]
pub struct ActiveSpan {
    context: Context,
    // Dropped after `drop` has ended the span.
    _attached: Option<AttachedContext>,
}

impl ActiveSpan {
    /// Returns the context that holds the span, for work on other threads or in other tasks.
    ///
    /// ```
    /// # let tools = autotelemetry::ObservabilityTools::disabled();
    /// use autotelemetry::prelude::*;
    ///
    /// let span = tools.tracer("checkout").start_as_current_span("load_cart");
    /// let context = span.context().clone();
    /// let worker = std::thread::spawn(move || {
    ///     let _guard = context.attach();
    ///     // Spans that start here are children of `load_cart`.
    /// });
    /// # worker.join().unwrap();
    /// ```
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Returns the ids of the span.
    #[must_use]
    pub fn span_context(&self) -> SpanContext {
        self.context.span().span_context().clone()
    }

    /// Returns whether the span is recorded. Check it before you compute expensive attributes.
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

    /// Adds an event with the current time.
    pub fn add_event(&self, name: impl Into<Cow<'static, str>>, attributes: &[KeyValue]) {
        self.context.span().add_event(name, attributes.to_vec());
    }

    /// Adds a link to another span.
    pub fn add_link(&self, span_context: SpanContext, attributes: &[KeyValue]) {
        self.context.span().add_link(span_context, attributes.to_vec());
    }

    /// Sets the status of the span.
    pub fn set_status(&self, status: Status) {
        self.context.span().set_status(status);
    }

    /// Adds an event that describes `error`.
    ///
    /// The event does not change the status of the span; [`set_status`] does. As in the semantic
    /// conventions, "Exceptions on spans", the event is named `exception` and has the attributes
    /// `exception.type`, `exception.message` and `exception.stacktrace`. The record that
    /// [`Logger::exception`] writes has the same attributes.
    ///
    /// ```
    /// # let tools = autotelemetry::ObservabilityTools::disabled();
    /// use autotelemetry::prelude::*;
    ///
    /// let span = tools.tracer("checkout").start_as_current_span("load_cart");
    /// if let Err(error) = "seven".parse::<u32>() {
    ///     span.record_error(&error);
    ///     span.set_status(Status::error(error.to_string()));
    /// }
    /// ```
    ///
    /// [`set_status`]: Self::set_status
    /// [`Logger::exception`]: crate::Logger::exception
    pub fn record_error<E: Error + ?Sized>(&self, error: &E) {
        if self.is_recording() {
            let attributes = exception_attributes(error).map(|(key, value)| KeyValue::new(key, value));
            self.context.span().add_event("exception", attributes.collect());
        }
    }

    /// Changes the name of the span.
    pub fn update_name(&self, name: impl Into<Cow<'static, str>>) {
        self.context.span().update_name(name.into());
    }
}

impl Drop for ActiveSpan {
    fn drop(&mut self) {
        self.context.span().end();
    }
}
