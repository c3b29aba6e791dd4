//! Problems of a configuration.

use std::{error::Error, fmt, sync::Arc};

#[cfg(feature = "report")]
use super::excerpt::Excerpt;
use super::origin::Origin;
use crate::text::escape_controls;

/// An error or a warning about the configuration.
///
/// `Display` formats all parts, with control characters escaped.
#[derive(Debug, Clone)]
pub struct Problem {
    pub(crate) at: Option<Origin>,
    pub(crate) key: Option<String>,
    pub(crate) message: String,
    pub(crate) details: Box<Details>,
}

/// The parts that few problems have. They are boxed to keep results with a problem small.
#[derive(Debug, Clone, Default)]
pub(crate) struct Details {
    help: Option<String>,
    source: Option<Arc<dyn Error + Send + Sync>>,
    #[cfg(feature = "report")]
    excerpt: Option<Excerpt>,
}

impl Problem {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { at: None, key: None, message: message.into(), details: Box::default() }
    }

    pub(crate) fn with_origin(mut self, at: Origin) -> Self {
        self.at = Some(at);
        self
    }

    pub(crate) fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    pub(crate) fn with_help(self, help: impl Into<String>) -> Self {
        self.with_optional_help(Some(help.into()))
    }

    pub(crate) fn with_optional_help(mut self, help: Option<String>) -> Self {
        self.details.help = help;
        self
    }

    /// Keeps the error that the message already describes.
    pub(crate) fn with_source(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.details.source = Some(Arc::new(source));
        self
    }

    #[cfg(feature = "report")]
    pub(crate) fn set_excerpt(&mut self, excerpt: Option<Excerpt>) {
        self.details.excerpt = excerpt;
    }

    /// Returns the origin of the value; `None` if a value is missing.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        self.at.as_ref()
    }

    /// Returns the path of the key, for example `traces.sampler_arg`.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Returns the description of the problem. It never contains a secret.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns advice on how to fix the problem.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.details.help.as_deref()
    }

    /// Returns the error behind the problem, for example the [`std::io::Error`] of a file that
    /// cannot be read. The message already describes it.
    #[must_use]
    pub fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.details.source.as_deref().map(|source| source as _)
    }

    /// Returns the line of the file or the variable, with secrets masked. `None` if the problem has
    /// no such origin.
    #[cfg(feature = "report")]
    #[must_use]
    pub fn excerpt(&self) -> Option<&Excerpt> {
        self.details.excerpt.as_ref()
    }
}

/// Compares all parts except the source and the excerpt. The message and the origin describe them.
impl PartialEq for Problem {
    fn eq(&self, other: &Self) -> bool {
        let Self { at, key, message, details } = self;
        let Details { help, .. } = &**details;
        (at, key, message, help) == (&other.at, &other.key, &other.message, &other.details.help)
    }
}

impl Eq for Problem {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A default has no place to show; the key is enough.
        if let Some(at) = self.at.as_ref().filter(|at| **at != Origin::Default) {
            write!(f, "{}: ", escape_controls(&at.to_string()))?;
        }
        if let Some(key) = &self.key {
            // The name of an `AUTOTEL_` variable is its key in another spelling, unless the
            // variable sets several keys.
            let spelled = format!("AUTOTEL_{}", key.replace('.', "__").to_uppercase());
            if !matches!(&self.at, Some(Origin::Env(name)) if *name == spelled) {
                write!(f, "{}: ", escape_controls(key))?;
            }
        }
        write!(f, "{}", escape_controls(&self.message))?;
        match self.help() {
            Some(help) => write!(f, "\n    help: {}", escape_controls(help)),
            None => Ok(()),
        }
    }
}
