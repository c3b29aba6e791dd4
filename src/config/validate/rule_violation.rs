//! A violation of a rule that concerns several keys.

use crate::config::key_path::{KeyPath, key_path};

/// A violated rule.
#[derive(Debug)]
pub(crate) struct RuleViolation {
    /// The values that cannot be combined, the one that is most likely wrong first. It is reported.
    pub(crate) culprits: Vec<Culprit>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    pub(crate) severity: Severity,
}

/// A value that takes part in a violation.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Culprit {
    pub(crate) key: KeyPath,
    /// The entry of a list that is at fault.
    pub(crate) entry: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    Error,
    Warning,
}

impl RuleViolation {
    /// Creates an error. Of several keys, the first one is reported.
    pub(super) fn error(keys: &[&str], message: impl Into<String>) -> Self {
        let culprits = keys.iter().map(|key| Culprit { key: key_path(key), entry: None }).collect();
        Self { culprits, message: message.into(), help: None, severity: Severity::Error }
    }

    /// Creates an error for a key whose segments may contain dots.
    pub(super) fn of(key: KeyPath, message: impl Into<String>) -> Self {
        Self { culprits: vec![Culprit { key, entry: None }], ..Self::error(&[], message) }
    }

    /// Creates an error for an entry of a list.
    pub(super) fn of_entry(key: &str, entry: &str, message: impl Into<String>) -> Self {
        Self::error(&[], message).with_entry(key, entry)
    }

    pub(super) fn warning(keys: &[&str], message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(keys, message) }
    }

    /// Creates the error for keys that together require a disabled Cargo feature.
    pub(super) fn compiled_out(keys: &[&str], feature: &str) -> Self {
        Self::error(keys, format!("requires the feature `{feature}`, which is not enabled in this binary"))
            .with_help(format!("enable the feature `{feature}` of autotelemetry"))
    }

    /// Creates the warning for an address with a reference that was not replaced.
    pub(super) fn unreplaced(key: &str, reference: &str) -> Self {
        let name = reference.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        Self::warning(&[key], format!("the address contains the reference \"{reference}\", which was not replaced"))
            .with_help(format!(
                "write ${{{name}}} in the file; in Kubernetes, define {name} before the variable that refers to it"
            ))
    }

    /// Adds an entry of a list as another culprit.
    pub(super) fn with_entry(mut self, key: &str, entry: &str) -> Self {
        self.culprits.push(Culprit { key: key_path(key), entry: Some(entry.to_owned()) });
        self
    }

    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
