//! What assertions have in common: they narrow down what was found, and say what is missing.

use std::fmt::Write as _;

use opentelemetry::{KeyValue, Value};

use super::Telemetry;
use crate::logs::line::value::{any, pair};

/// How many different things of those that do not fit are told.
const MAX_SEEN: usize = 5;

/// What is left of what was found, and how it was described.
#[derive(Debug, Clone)]
pub(super) struct Matches<T> {
    /// Such as `span "charge" with payment=card`.
    description: String,
    pub(super) found: Vec<T>,
    pub(super) telemetry: Telemetry,
}

impl<T> Matches<T> {
    /// What was found for `description`. When that is nothing, `hint` says more.
    #[track_caller]
    pub(super) fn new(telemetry: &Telemetry, description: String, found: Vec<T>, hint: &str) -> Self {
        let found = Self { description, found, telemetry: telemetry.clone() };
        if found.found.is_empty() {
            found.fail(&format!("there is no {}{hint}", found.description));
        }
        found
    }

    /// Those that `condition` fits as well; `seen` is what is told of others.
    #[track_caller]
    pub(super) fn narrow(
        mut self,
        condition: &str,
        mut fits: impl FnMut(&T) -> bool,
        seen: impl Fn(&T) -> String,
    ) -> Self {
        let (found, others): (Vec<T>, Vec<T>) = self.found.into_iter().partition(|found| fits(found));
        self.found = found;
        if self.found.is_empty() {
            let description = &self.description;
            let mut what =
                format!("there is no {description}{condition}, though {} x {description}", others.len());
            let mut different: Vec<String> = Vec::new();
            for seen in others.iter().map(seen).filter(|seen| !seen.is_empty()) {
                if !different.contains(&seen) {
                    different.push(seen);
                }
            }
            let more = different.len().saturating_sub(MAX_SEEN);
            different.truncate(MAX_SEEN);
            if !different.is_empty() {
                let _ = write!(what, " ({}{})", different.join(", "), if more > 0 { ", …" } else { "" });
            }
            self.fail(&what);
        }
        self.description.push_str(condition);
        self
    }

    /// Panics unless there are so many.
    #[track_caller]
    pub(super) fn times(self, times: usize) -> Self {
        let found = self.found.len();
        if found != times {
            self.fail(&format!("expected {times} x {}, found {found} x", self.description));
        }
        self
    }

    /// Panics about what was found.
    #[track_caller]
    pub(super) fn fail(&self, what: &str) -> ! {
        panic!("{what}\n\n{}", self.telemetry)
    }

    pub(super) fn description(&self) -> &str {
        &self.description
    }
}

/// ` with key=value`
pub(super) fn with_attribute(key: &str, value: &Value) -> String {
    format!(" with {}", shown(key, Some(value)))
}

/// `key=value`, or that there is none.
pub(super) fn shown(key: &str, value: Option<&Value>) -> String {
    let mut out = String::new();
    match value {
        Some(value) => pair(&mut out, key, &any(value)),
        None => drop(write!(out, "no {key}")),
    }
    out
}

pub(super) fn get<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    attributes.iter().find(|attribute| attribute.key.as_str() == key).map(|attribute| &attribute.value)
}
