//! The outcomes of reloads.

use std::time::SystemTime;

/// The outcomes of reloads.
///
/// See [`ObservabilityTools::reloads`](crate::ObservabilityTools::reloads).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReloadLog {
    applied: u64,
    refused: u64,
    last_applied: Option<SystemTime>,
    last_refused: Option<SystemTime>,
    last_error: Option<String>,
}

impl ReloadLog {
    /// Returns the number of reloads that were applied.
    #[must_use]
    pub fn applied(&self) -> u64 {
        self.applied
    }

    /// Returns the number of reloads that were refused and changed nothing.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Returns the time of the last reload that was applied.
    #[must_use]
    pub fn last_applied(&self) -> Option<SystemTime> {
        self.last_applied
    }

    /// Returns the time of the last reload that was refused.
    #[must_use]
    pub fn last_refused(&self) -> Option<SystemTime> {
        self.last_refused
    }

    /// Returns the error of the last reload; `None` if it was applied.
    #[must_use]
    pub fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    pub(super) fn apply(&mut self) {
        self.applied += 1;
        self.last_applied = Some(SystemTime::now());
        self.last_error = None;
    }

    pub(super) fn refuse(&mut self, error: String) {
        self.refused += 1;
        self.last_refused = Some(SystemTime::now());
        self.last_error = Some(error);
    }
}
