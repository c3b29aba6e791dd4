//! The logger that is handed out.

use std::{borrow::Cow, error::Error, time::SystemTime};

use opentelemetry::{
    KeyValue,
    logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity},
};
use opentelemetry_sdk::logs::{SdkLogger, SdkLoggerProvider};

use super::{Filter, line::value::any};

/// Makes loggers that share a provider and a filter.
#[derive(Debug, Clone)]
pub(crate) struct LoggerFactory {
    pub(crate) provider: SdkLoggerProvider,
    pub(crate) filter: Filter,
}

impl LoggerFactory {
    pub(crate) fn logger(&self, name: Cow<'static, str>) -> Logger {
        Logger { inner: self.provider.logger(name.clone()), least: self.filter.least(&name), name }
    }
}

/// Writes log records under one name.
///
/// The name is the instrumentation scope of the records and the target that `logs.level` filters on. A record that is
/// written while a span is current carries its trace id and span id.
///
/// ```
/// # let tools = autotelemetry::ObservabilityTools::disabled();
/// use autotelemetry::prelude::*;
///
/// let logger = tools.logger("checkout");
/// logger.info("request received", &[KeyValue::new("endpoint", "/api")]);
/// ```
#[derive(Debug, Clone)]
pub struct Logger {
    inner: SdkLogger,
    name: Cow<'static, str>,
    least: Option<Severity>,
}

macro_rules! level_methods {
    ($($(#[$meta:meta])* $name:ident => $severity:ident),+ $(,)?) => {
        $($(#[$meta])*
        pub fn $name(&self, body: impl Into<AnyValue>, attributes: &[KeyValue]) {
            self.log(Severity::$severity, body, attributes);
        })+
    };
}

impl Logger {
    level_methods! {
        /// Writes a record of severity TRACE.
        trace => Trace,
        /// Writes a record of severity DEBUG.
        debug => Debug,
        /// Writes a record of severity INFO.
        info => Info,
        /// Writes a record of severity WARN.
        warn => Warn,
        /// Writes a record of severity ERROR.
        error => Error,
        /// Writes a record of severity FATAL.
        fatal => Fatal,
    }

    /// Whether a record of this severity would go anywhere. Worth asking before its attributes are costly to make.
    #[must_use]
    pub fn enabled(&self, severity: Severity) -> bool {
        self.least.is_some_and(|least| severity >= least)
    }

    /// Writes a record.
    pub fn log(&self, severity: Severity, body: impl Into<AnyValue>, attributes: &[KeyValue]) {
        if self.enabled(severity) {
            self.emit(severity, body.into(), attributes, []);
        }
    }

    /// Writes a record of severity ERROR that describes `error` and all its sources, in the attributes
    /// `exception.type`, `exception.message` and `exception.stacktrace`.
    ///
    /// See the semantic conventions, "Exceptions in logs". Rust errors hold no stack trace; the chain of sources takes
    /// its place. The type of a `dyn Error` is not known, so the attribute is left out for it.
    pub fn exception<E: Error + ?Sized>(
        &self,
        body: impl Into<AnyValue>,
        error: &E,
        attributes: &[KeyValue],
    ) {
        if !self.enabled(Severity::Error) {
            return;
        }
        let type_name = std::any::type_name::<E>();
        let exception_type =
            (!type_name.starts_with("dyn ")).then(|| ("exception.type", type_name.to_owned()));
        let message = error.to_string();
        let mut trace = message.clone();
        let mut source = error.source();
        while let Some(error) = source {
            trace.push_str("\ncaused by: ");
            trace.push_str(&error.to_string());
            source = error.source();
        }
        let exception = [("exception.message", message), ("exception.stacktrace", trace)];
        self.emit(Severity::Error, body.into(), attributes, exception_type.into_iter().chain(exception));
    }

    fn emit(
        &self,
        severity: Severity,
        body: AnyValue,
        attributes: &[KeyValue],
        more: impl IntoIterator<Item = (&'static str, String)>,
    ) {
        let mut record = self.inner.create_log_record();
        record.set_timestamp(SystemTime::now());
        record.set_severity_number(severity);
        record.set_severity_text(severity.name());
        record.set_target(self.name.clone());
        record.set_body(body);
        for attribute in attributes {
            record.add_attribute(attribute.key.clone(), any(&attribute.value));
        }
        // What the caller says about the exception wins: keys are unique.
        for (key, value) in
            more.into_iter().filter(|(key, _)| !attributes.iter().any(|it| it.key.as_str() == *key))
        {
            record.add_attribute(key, value);
        }
        self.inner.emit(record);
    }
}
