//! A violation of a rule that concerns several keys.

use crate::config::key_path::{KeyPath, key_path};

/// A violated rule.
#[derive(Debug)]
pub(crate) struct RuleViolation {
    /// The keys whose values cannot be combined. The first one is reported.
    pub(crate) keys: Vec<KeyPath>,
    /// The entry of a list that is at fault.
    pub(crate) entry: Option<String>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    pub(crate) severity: Severity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    Error,
    Warning,
}

impl RuleViolation {
    pub(super) fn error(keys: &[&str], message: impl Into<String>) -> Self {
        Self::of(keys.iter().map(|key| key_path(key)).collect(), message)
    }

    /// Creates an error for keys whose segments may contain dots.
    pub(super) fn of(keys: Vec<KeyPath>, message: impl Into<String>) -> Self {
        Self { keys, entry: None, message: message.into(), help: None, severity: Severity::Error }
    }

    pub(super) fn warning(keys: &[&str], message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(keys, message) }
    }

    /// Creates the error for a key that requires a disabled Cargo feature.
    pub(super) fn compiled_out(key: &str, feature: &str) -> Self {
        Self::error(&[key], format!("requires the feature `{feature}`, which is not enabled in this binary"))
            .with_help(format!("enable the feature `{feature}` of autotelemetry"))
    }

    pub(super) fn entry(mut self, entry: &str) -> Self {
        self.entry = Some(entry.to_owned());
        self
    }

    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
