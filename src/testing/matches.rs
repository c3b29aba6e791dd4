//! What assertions have in common: they narrow down what was found, and say what is missing.

use opentelemetry::{KeyValue, Value};

use super::Telemetry;
use crate::logs::line::value::{any, pair};

/// What is left of what was found, and how it was described.
#[derive(Debug, Clone)]
pub(super) struct Matches<T> {
    /// Such as `span "charge" with payment=card`.
    description: String,
    pub(super) found: Vec<T>,
    pub(super) telemetry: Telemetry,
}

impl<T> Matches<T> {
    /// Those of `all` that `description` fits.
    #[track_caller]
    pub(super) fn new(
        telemetry: &Telemetry,
        description: &str,
        all: Vec<T>,
        fits: impl FnMut(&T) -> bool,
    ) -> Self {
        let all = Self { description: String::new(), found: all, telemetry: telemetry.clone() };
        all.narrow(description, fits)
    }

    /// Those that `condition` fits as well.
    #[track_caller]
    pub(super) fn narrow(mut self, condition: &str, mut fits: impl FnMut(&T) -> bool) -> Self {
        let before = self.found.len();
        self.found.retain(|found| fits(found));
        if self.found.is_empty() {
            self.fail(&format!("there is no {}{condition}", self.description), before);
        }
        self.description.push_str(condition);
        self
    }

    /// Panics unless there are so many.
    #[track_caller]
    pub(super) fn times(self, times: usize) -> Self {
        let found = self.found.len();
        if found != times {
            self.fail(&format!("expected {times} x {}, found {found} x", self.description), 0);
        }
        self
    }

    /// Panics about what was found.
    #[track_caller]
    pub(super) fn fail(&self, what: &str, before: usize) -> ! {
        let nearly = match before {
            0 => String::new(),
            _ if self.description.is_empty() => String::new(),
            before => format!(", though {before} x {}", self.description),
        };
        panic!("{what}{nearly}\n\n{}", self.telemetry)
    }

    pub(super) fn description(&self) -> &str {
        &self.description
    }
}

/// ` with key=value`
pub(super) fn with_attribute(key: &str, value: &Value) -> String {
    let mut condition = " with ".to_owned();
    pair(&mut condition, key, &any(value));
    condition
}

pub(super) fn has(attributes: &[KeyValue], key: &str, value: &Value) -> bool {
    attributes.iter().any(|attribute| attribute.key.as_str() == key && attribute.value == *value)
}
