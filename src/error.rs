//! What can go wrong, in the words an operator needs.

use std::{fmt, panic::Location, path::Path, sync::Arc, time::Duration};

use crate::{
    config::{Signal, format_duration},
    text::escape_controls,
};

/// Where a value of the configuration came from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The library's default.
    Default,
    /// A call in the program.
    Code(&'static Location<'static>),
    /// The file.
    File {
        /// The path of the file, as it was found.
        path: Arc<Path>,
        /// The line, from 1.
        line: u32,
        /// The column in characters, from 1.
        column: u32,
        /// The profile whose table it stands in.
        profile: Option<Arc<str>>,
    },
    /// The environment variable of this name.
    Env(String),
    /// This argument of the command line `autotelemetry`.
    Argument(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Code(location) => {
                write!(f, "{}:{}:{}", location.file(), location.line(), location.column())
            }
            Self::File { path, line, column, profile: _ } => write!(f, "{}:{line}:{column}", path.display()),
            Self::Env(name) => f.write_str(name),
            Self::Argument(name) => f.write_str(name),
        }
    }
}

/// One thing that is wrong with the configuration, or, among the warnings, worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub(crate) at: Option<Origin>,
    pub(crate) key: Option<String>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Problem {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { at: None, key: None, message: message.into(), help: None }
    }

    pub(crate) fn with_origin(mut self, at: Origin) -> Self {
        self.at = Some(at);
        self
    }

    pub(crate) fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Where the offending value stands; `None` when something is missing.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        self.at.as_ref()
    }

    /// The path of the key, for example `traces.sampler_arg`.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// What is wrong. Never holds a secret.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A default has no place, and the key alone says it.
        if let Some(at) = self.at.as_ref().filter(|at| **at != Origin::Default) {
            write!(f, "{}: ", escape_controls(&at.to_string()))?;
        }
        if let Some(key) = &self.key {
            // The name of an `AUTOTEL_` variable is its key in another spelling, unless it sets several.
            let spelled = format!("AUTOTEL_{}", key.replace('.', "__").to_uppercase());
            if !matches!(&self.at, Some(Origin::Env(name)) if *name == spelled) {
                write!(f, "{}: ", escape_controls(key))?;
            }
        }
        write!(f, "{}", escape_controls(&self.message))?;
        match &self.help {
            Some(help) => write!(f, "\n    help: {}", escape_controls(help)),
            None => Ok(()),
        }
    }
}

/// Problems of the files that a configuration names, each with its key and without its origin.
#[derive(Debug, Default)]
pub(crate) struct Inspection {
    pub(crate) errors: Vec<Problem>,
    pub(crate) warnings: Vec<Problem>,
}

/// Why no tools could be built or installed.
#[derive(Clone)]
pub struct Error(Arc<ErrorKind>);

/// The kinds of [`Error`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration has problems; all of them are listed.
    Configuration(Vec<Problem>),
    /// Something was installed before, in this process, that can be installed only once. Names what.
    AlreadyInstalled(&'static str),
    /// The operating system refused what the library needs, such as a thread.
    System(String),
}

impl Error {
    pub(crate) fn configuration(problems: Vec<Problem>) -> Self {
        Self(Arc::new(ErrorKind::Configuration(problems)))
    }

    pub(crate) fn already_installed(what: &'static str) -> Self {
        Self(Arc::new(ErrorKind::AlreadyInstalled(what)))
    }

    pub(crate) fn system(what: &str, error: impl fmt::Display) -> Self {
        Self(Arc::new(ErrorKind::System(format!("{what}: {error}"))))
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0
    }

    /// The problems of the configuration; empty for the other kinds.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        match &*self.0 {
            ErrorKind::Configuration(problems) => problems,
            ErrorKind::AlreadyInstalled(_) | ErrorKind::System(_) => &[],
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            ErrorKind::Configuration(problems) => {
                let plural = if problems.len() == 1 { "" } else { "s" };
                write!(f, "invalid telemetry configuration: {} problem{plural}", problems.len())?;
                problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
            ErrorKind::AlreadyInstalled(what) => write!(
                f,
                "telemetry cannot be installed: {what} is already set in this process; build() makes tools without \
                 globals, and tracing_layer() adds them to a subscriber of your own"
            ),
            ErrorKind::System(what) => write!(f, "telemetry cannot be started: {what}"),
        }
    }
}

/// As [`fmt::Display`]: `main` prints errors by `Debug`, and the operator shall be able to read that.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

/// What did not reach its destination when telemetry was flushed or shut down.
#[derive(Clone, PartialEq, Eq)]
pub struct ShutdownError {
    pub(crate) failures: Vec<SignalFailure>,
}

impl ShutdownError {
    /// One entry for each signal that failed.
    #[must_use]
    pub fn failures(&self) -> &[SignalFailure] {
        &self.failures
    }
}

/// How one signal failed, and what became of it since telemetry was flushed last: all its exporters together, in spans, log
/// records or metric data points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalFailure {
    pub(crate) signal: Signal,
    pub(crate) cause: FailureCause,
    pub(crate) exported: u64,
    pub(crate) failed: u64,
    pub(crate) dropped: u64,
    pub(crate) queued: u64,
}

impl SignalFailure {
    /// The signal.
    #[must_use]
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// What happened to it.
    #[must_use]
    pub fn cause(&self) -> &FailureCause {
        &self.cause
    }

    /// Items that arrived.
    #[must_use]
    pub fn exported(&self) -> u64 {
        self.exported
    }

    /// Items that were tried and did not arrive.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Items that were never tried.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Items that still wait; none after a shutdown.
    #[must_use]
    pub fn queued(&self) -> u64 {
        self.queued
    }
}

/// Why a signal was not delivered in full.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureCause {
    /// It was not done within this time (`shutdown_timeout`). What was still queued is lost after a shutdown.
    Timeout(Duration),
    /// Exporters reported that they lost items meanwhile.
    Lost {
        /// How many spans, log records, or metric data points.
        items: u64,
        /// The last error.
        error: String,
    },
    /// The SDK reported a failure.
    Sdk(String),
}

impl fmt::Display for SignalFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { signal, cause, exported, failed, dropped, queued } = self;
        let (lost, all) = (failed + dropped, exported + failed + dropped + queued);
        write!(f, "{signal}: ")?;
        match cause {
            FailureCause::Timeout(limit) => write!(f, "not done within {}", format_duration(*limit))?,
            FailureCause::Lost { items, error } => return write!(f, "{items} of {all} lost ({error})"),
            FailureCause::Sdk(error) => f.write_str(error)?,
        }
        for (items, what) in [(lost, "lost"), (*queued, "waiting")] {
            if items > 0 {
                write!(f, ", {items} of {all} {what}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for ShutdownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("telemetry was not delivered in full: ")?;
        for (index, failure) in self.failures.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{failure}")?;
        }
        Ok(())
    }
}

/// As [`fmt::Display`], for the same reason as that of [`Error`].
impl fmt::Debug for ShutdownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ShutdownError {}
