//! Reports of conditions that last, each made once.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use super::DiagnosticLog;
use crate::config::LevelFilter;

/// The greatest number of reports. A program could cause them by its input.
const MAX_REPORTS: usize = 100;

/// Writes each message once.
#[derive(Debug)]
pub(crate) struct ReportOnce {
    diagnostics: DiagnosticLog,
    /// Names the conditions in the line that ends the reports, such as "invalid instruments".
    conditions: &'static str,
    reported: Mutex<HashSet<String>>,
}

impl ReportOnce {
    pub(crate) fn new(diagnostics: DiagnosticLog, conditions: &'static str) -> Self {
        Self { diagnostics, conditions, reported: Mutex::default() }
    }

    /// Writes a message, unless it was written before.
    #[cold]
    pub(crate) fn report(&self, level: LevelFilter, message: String) {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        if reported.len() > MAX_REPORTS || reported.contains(&message) {
            return;
        }
        reported.insert(message.clone());
        let is_last = reported.len() > MAX_REPORTS;
        // The message is written without the lock, since the reader of stderr may be slow.
        drop(reported);
        self.diagnostics.line(level, message);
        if is_last {
            self.diagnostics.line(level, format_args!("further {} are not reported", self.conditions));
        }
    }
}
