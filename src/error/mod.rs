//! Errors and the problems of a configuration.

#[cfg(feature = "report")]
mod excerpt;
mod inspection;
mod origin;
mod problem;
#[cfg(feature = "report")]
mod report;
mod shutdown;

use std::{fmt, sync::Arc};

pub(crate) use self::inspection::Inspection;
#[cfg(feature = "report")]
pub use self::{excerpt::Excerpt, report::Report};
pub use self::{
    origin::Origin,
    problem::Problem,
    shutdown::{FailureCause, ShutdownError, SignalFailure},
};

/// Error returned by [`init`](crate::init), [`Builder::build`](crate::Builder::build) and
/// [`Builder::install`](crate::Builder::install).
///
/// `Display` and `Debug` format the whole error, including all problems and the text of
/// [`source`](std::error::Error::source). Downcast the source to inspect it, for example to
/// [`std::io::Error`].
///
/// They are the short form, one line per problem, since `main` prints its error with `Debug`. With
/// the feature `report`, `Error::report` returns the long form, which shows the lines of the file.
#[derive(Clone)]
pub struct Error(Arc<Repr>);

enum Repr {
    Configuration(Vec<Problem>),
    AlreadyInstalled(&'static str),
    System { action: &'static str, source: Box<dyn std::error::Error + Send + Sync> },
    ShutDown(&'static str),
}

/// The kind of an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration has problems. [`Error::problems`] returns all of them.
    Configuration,
    /// A global that can be set once per process is already set.
    AlreadyInstalled,
    /// The operating system refused a resource, such as a thread.
    System,
    /// Telemetry has been shut down, or belongs to the parent of this process.
    ShutDown,
}

impl Error {
    pub(crate) fn configuration(problems: Vec<Problem>) -> Self {
        Self(Arc::new(Repr::Configuration(problems)))
    }

    /// `global` names the global that is already set.
    pub(crate) fn already_installed(global: &'static str) -> Self {
        Self(Arc::new(Repr::AlreadyInstalled(global)))
    }

    /// `action` describes what failed with `source`.
    pub(crate) fn system(
        action: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self(Arc::new(Repr::System { action, source: source.into() }))
    }

    pub(crate) fn shut_down() -> Self {
        Self(Arc::new(Repr::ShutDown("telemetry has been shut down")))
    }

    pub(crate) fn forked() -> Self {
        Self(Arc::new(Repr::ShutDown("the tools belong to the parent of this process")))
    }

    /// Returns the kind of the error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match *self.0 {
            Repr::Configuration(_) => ErrorKind::Configuration,
            Repr::AlreadyInstalled(_) => ErrorKind::AlreadyInstalled,
            Repr::System { .. } => ErrorKind::System,
            Repr::ShutDown(_) => ErrorKind::ShutDown,
        }
    }

    /// Returns the problems of the configuration; empty for the other kinds.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        match &*self.0 {
            Repr::Configuration(problems) => problems,
            Repr::AlreadyInstalled(_) | Repr::System { .. } | Repr::ShutDown(_) => &[],
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Repr::Configuration(problems) => {
                let plural = if problems.len() == 1 { "" } else { "s" };
                write!(f, "invalid telemetry configuration: {} problem{plural}", problems.len())?;
                problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
            Repr::AlreadyInstalled(global) => write!(
                f,
                "cannot install telemetry: {global} is already set in this process\n    help: use `build` for tools \
                 without globals, and add their `tracing_layer` to your own subscriber"
            ),
            Repr::ShutDown(reason) => f.write_str(reason),
            Repr::System { action, source } => write!(f, "cannot start telemetry: {action}: {source}"),
        }
    }
}

/// Same as [`fmt::Display`]: `main` prints its error with `Debug`, and operators read it.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    /// Returns the error of the operating system. For a configuration, this is the source of the
    /// first problem that has one.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            Repr::Configuration(problems) => problems.iter().find_map(Problem::source),
            Repr::AlreadyInstalled(_) | Repr::ShutDown(_) => None,
            Repr::System { source, .. } => Some(&**source),
        }
    }
}
