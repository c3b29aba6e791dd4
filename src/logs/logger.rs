//! The logger of the public API.

use std::{
    borrow::Cow,
    error::Error,
    panic::Location,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
};

use opentelemetry::{
    KeyValue, Value,
    logs::{AnyValue, Severity},
};
use opentelemetry_sdk::logs::SdkLoggerProvider;

use super::{
    FilterRules, ReloadableFilter,
    exception::exception_attributes,
    key_bits::KeyBits,
    record::add_location,
    record_emitter::RecordEmitter,
    record_output::{RecordOutput, SharedOutput},
    record_source::{Fields, Head, Place, RecordLimits, RecordSource, SourceValue, Target},
    span_scopes::SpanScopes,
};
use crate::{
    config::{Logs, ScopeRule},
    live_cell::LiveCell,
};

/// Creates loggers that share a provider, an output and a filter.
#[derive(Debug, Clone)]
pub(crate) struct LoggerFactory {
    pub(crate) provider: SdkLoggerProvider,
    pub(crate) output: SharedOutput,
    pub(crate) filter: ReloadableFilter,
    pub(super) span_scopes: SpanScopes,
    pub(crate) code_location: CodeLocation,
}

/// True if records carry the place in the code.
pub(crate) type CodeLocation = Arc<AtomicBool>;

/// The settings of a [`LoggerFactory`].
#[derive(Debug, Default)]
pub(crate) struct LogSettings {
    pub(crate) output: RecordOutput,
    pub(crate) span_scopes: Vec<ScopeRule>,
    pub(crate) code_location: bool,
}

impl LoggerFactory {
    pub(crate) fn new(provider: SdkLoggerProvider, filter: ReloadableFilter, settings: LogSettings) -> Self {
        let LogSettings { output, span_scopes, code_location } = settings;
        Self {
            provider,
            output: Arc::new(LiveCell::new(output)),
            filter,
            span_scopes: SpanScopes::new(span_scopes),
            code_location: Arc::new(AtomicBool::new(code_location)),
        }
    }

    /// Returns a factory whose loggers do nothing.
    pub(crate) fn disabled() -> Self {
        let filter = ReloadableFilter::new(FilterRules::new(&Logs::default(), &[]));
        Self::new(SdkLoggerProvider::builder().build(), filter, LogSettings::default())
    }

    /// Replaces the settings, also those of loggers and layers that exist. With `keeps_level`,
    /// `logs.level` stays as the program may have set it.
    pub(crate) fn set(&self, settings: LogSettings, rules: FilterRules, keeps_level: bool) {
        let LogSettings { output, span_scopes, code_location } = settings;
        self.output.set(output);
        self.code_location.store(code_location, Ordering::Relaxed);
        self.span_scopes.set(span_scopes);
        // Last, since it makes `tracing` ask for the scopes of spans again.
        self.filter.set_rules(rules, keeps_level);
    }

    pub(crate) fn logger(&self, name: Cow<'static, str>) -> Logger {
        Logger {
            emitter: self.emitter(name.clone()),
            min_severity: self.filter.track(&name),
            code_location: Arc::clone(&self.code_location),
            name,
        }
    }

    /// Returns an emitter for records that have passed [`filter`](Self::filter).
    pub(super) fn emitter(&self, name: impl Into<Cow<'static, str>>) -> RecordEmitter {
        RecordEmitter::new(&self.provider, Arc::clone(&self.output), name.into())
    }
}

/// Writes log records under one name.
///
/// The name is the instrumentation scope of the records and the target that `logs.level` filters
/// on. A record that is written while a span is current carries its trace id and span id.
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
    emitter: RecordEmitter,
    name: Cow<'static, str>,
    /// The lowest severity number that passes the filter; it changes with `logs.level`.
    min_severity: Arc<AtomicU8>,
    code_location: CodeLocation,
}

macro_rules! level_methods {
    ($($(#[$meta:meta])* $name:ident => $severity:ident),+ $(,)?) => {
        $($(#[$meta])*
        #[track_caller]
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

    /// Returns `true` if a record of this severity would reach an exporter.
    ///
    /// Check it before you compute costly attributes.
    #[must_use]
    #[inline]
    pub fn enabled(&self, severity: Severity) -> bool {
        severity as u8 >= self.min_severity.load(Ordering::Relaxed)
    }

    /// Writes a record.
    #[track_caller]
    #[inline]
    pub fn log(&self, severity: Severity, body: impl Into<AnyValue>, attributes: &[KeyValue]) {
        if self.enabled(severity) {
            self.emit(severity, body.into(), attributes, [], Location::caller());
        }
    }

    /// Writes a record of severity ERROR that describes `error` and all its sources, in the
    /// attributes `exception.type`, `exception.message` and `exception.stacktrace`.
    ///
    /// See the semantic conventions, "Exceptions in logs". Rust errors have no stack trace; the
    /// chain of sources takes its place. The type of a `dyn Error` is not known, so it has no
    /// `exception.type`.
    #[track_caller]
    pub fn exception<E: Error + ?Sized>(
        &self,
        body: impl Into<AnyValue>,
        error: &E,
        attributes: &[KeyValue],
    ) {
        if !self.enabled(Severity::Error) {
            return;
        }
        // The caller's own attributes take precedence.
        let is_given = |key: &str| attributes.iter().any(|attribute| attribute.key.as_str() == key);
        let exception = exception_attributes(error).filter(|(key, _)| !is_given(key));
        self.emit(Severity::Error, body.into(), attributes, exception, Location::caller());
    }

    fn emit(
        &self,
        severity: Severity,
        body: AnyValue,
        attributes: &[KeyValue],
        exception: impl IntoIterator<Item = (&'static str, String)>,
        location: &'static Location<'static>,
    ) {
        let head = Head { target: Target::Name(&self.name), severity };
        let location = self.code_location.load(Ordering::Relaxed).then_some(location);
        let exception = exception.into_iter().collect();
        self.emitter.emit(head, CallSource { body: Some(body), attributes, exception, location });
    }
}

/// A call of a logger.
struct CallSource<'c> {
    body: Option<AnyValue>,
    attributes: &'c [KeyValue],
    exception: Vec<(&'static str, String)>,
    location: Option<&'static Location<'static>>,
}

impl RecordSource for CallSource<'_> {
    fn is_regular(&self, limits: RecordLimits) -> bool {
        let mut keys = KeyBits::default();
        self.attributes.iter().for_each(|attribute| keys.add(attribute.key.as_str()));
        let is_list = |attribute: &KeyValue| matches!(attribute.value, Value::Array(_));
        !matches!(self.body, Some(AnyValue::ListAny(_) | AnyValue::Map(_)))
            && self.exception.is_empty()
            && self.location.is_none()
            && self.attributes.len() <= limits.attributes
            && !keys.may_repeat()
            && !(limits.value_length.is_some() && self.attributes.iter().any(is_list))
    }

    fn read(&mut self, fields: &mut impl Fields) {
        if let Some(body) = self.body.take() {
            fields.set(Place::Body, SourceValue::Any(body));
        }
        for KeyValue { key, value, .. } in self.attributes {
            fields.set(Place::Key(key), SourceValue::Attribute(value));
        }
        for (key, value) in std::mem::take(&mut self.exception) {
            fields.set(Place::Static(key), SourceValue::Any(value.into()));
        }
        if let Some(location) = self.location {
            add_location(fields, Some(SourceValue::Static(location.file())), Some(location.line()));
        }
    }
}
