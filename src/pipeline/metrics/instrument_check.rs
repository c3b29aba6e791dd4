//! Checks the names, units and boundaries of instruments.
//!
//! The SDK ignores the measurements of an invalid instrument, and reports that only through
//! `tracing`. See the specification, "Instrument" of the metrics API.

use crate::{
    config::LevelFilter,
    diagnostics::{DiagnosticLog, ReportOnce},
    text::quoted_list,
};

/// The greatest length of a name.
const MAX_NAME: usize = 255;

/// The greatest length of a unit.
const MAX_UNIT: usize = 63;

/// The number of characters of a name in a report.
const SHOWN: usize = 80;

/// Reports each invalid instrument once.
#[derive(Debug)]
pub(super) struct InstrumentCheck(ReportOnce);

impl InstrumentCheck {
    pub(super) fn new(diagnostics: DiagnosticLog) -> Self {
        Self(ReportOnce::new(diagnostics, "invalid instruments"))
    }

    /// Returns whether the SDK accepts an instrument, and reports it otherwise.
    pub(super) fn accepts(&self, name: &str, unit: &str, boundaries: Option<&[f64]>) -> bool {
        let problem = problem_of_name(name)
            .or_else(|| problem_of_unit(unit))
            .or_else(|| boundaries.and_then(problem_of_boundaries));
        if let Some(problem) = problem {
            self.report(name, problem);
        }
        problem.is_none()
    }

    #[cold]
    fn report(&self, name: &str, problem: &str) {
        let shown: String = name.chars().take(SHOWN).collect();
        let message =
            format!("instrument {} is invalid, its measurements are lost: {problem}", quoted_list(&[shown]));
        self.0.report(LevelFilter::Error, message);
    }
}

fn problem_of_name(name: &str) -> Option<&'static str> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/');
    if !name.starts_with(|character: char| character.is_ascii_alphabetic()) {
        Some("the name must start with an ASCII letter")
    } else if !name.bytes().all(is_allowed) {
        Some("the name may contain only ASCII letters, digits, `_`, `.`, `-` and `/`")
    } else if name.len() > MAX_NAME {
        Some("the name has more than 255 characters")
    } else {
        None
    }
}

fn problem_of_unit(unit: &str) -> Option<&'static str> {
    if !unit.is_ascii() {
        Some("the unit may contain only ASCII characters")
    } else if unit.len() > MAX_UNIT {
        Some("the unit has more than 63 characters")
    } else {
        None
    }
}

fn problem_of_boundaries(boundaries: &[f64]) -> Option<&'static str> {
    if boundaries.iter().any(|boundary| !boundary.is_finite()) {
        Some("the boundaries must be finite numbers")
    } else if boundaries.windows(2).any(|two| two[0] >= two[1]) {
        Some("the boundaries must increase")
    } else {
        None
    }
}
