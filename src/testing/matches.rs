//! What assertions have in common: they narrow down what was found, and say what is missing.

use std::fmt::Write as _;

use opentelemetry::{KeyValue, Value, logs::AnyValue};

use super::Captured;
use crate::format::value::{any, pair};

/// How many different things of those that do not fit are told.
const MAX_SEEN: usize = 5;

/// What is left of what was found, and how it was described.
#[derive(Debug, Clone)]
pub(super) struct Matches<T> {
    /// Such as `span "charge" with payment=card`.
    description: String,
    pub(super) found: Vec<T>,
    pub(super) telemetry: Captured,
}

impl<T> Matches<T> {
    /// What was found for `description`. When that is nothing, `hint` says more.
    #[track_caller]
    pub(super) fn new(telemetry: &Captured, description: String, found: Vec<T>, hint: &str) -> Self {
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
                if different.contains(&seen) {
                    continue;
                }
                if different.len() == MAX_SEEN {
                    different.push("…".to_owned());
                    break;
                }
                different.push(seen);
            }
            if !different.is_empty() {
                let _ = write!(what, " ({})", different.join(", "));
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

/// What spans, log records and data points have in common.
pub(super) trait Attributed {
    /// The value of an attribute, in the form in which log records hold it.
    fn value_of(&self, key: &str) -> Option<AnyValue>;
}

pub(super) fn get<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    // The SDK keeps all that were set; the last one counts.
    attributes.iter().rfind(|attribute| attribute.key.as_str() == key).map(|attribute| &attribute.value)
}

impl<T: Attributed> Matches<T> {
    #[track_caller]
    pub(super) fn with_attribute(self, key: &str, value: &Value) -> Self {
        let value = any(value);
        let shown = |value: Option<&AnyValue>| {
            let mut out = String::new();
            match value {
                Some(value) => pair(&mut out, key, value),
                None => drop(write!(out, "no {key}")),
            }
            out
        };
        self.narrow(
            &format!(" with {}", shown(Some(&value))),
            |found| found.value_of(key).as_ref() == Some(&value),
            |found| shown(found.value_of(key).as_ref()),
        )
    }
}

/// The methods that all assertions have.
macro_rules! assertion_methods {
    ($item:ty) => {
        #[track_caller]
        fn narrow(
            self,
            condition: &str,
            fits: impl FnMut(&$item) -> bool,
            seen: impl Fn(&$item) -> String,
        ) -> Self {
            Self(self.0.narrow(condition, fits, seen))
        }

        /// With this attribute.
        ///
        /// # Panics
        ///
        /// When none is left.
        #[track_caller]
        pub fn with_attribute(self, key: &str, value: impl Into<Value>) -> Self {
            Self(self.0.with_attribute(key, &value.into()))
        }

        /// That `fits` likes, for whatever there is no method for. `condition` stands in the message of a failure.
        ///
        /// # Panics
        ///
        /// When none is left.
        #[track_caller]
        pub fn matching(self, condition: &str, fits: impl FnMut(&$item) -> bool) -> Self {
            self.narrow(&format!(" {condition}"), fits, |_| String::new())
        }

        /// Exactly so many.
        ///
        /// # Panics
        ///
        /// When there are more or fewer.
        #[track_caller]
        pub fn times(self, times: usize) -> Self {
            Self(self.0.times(times))
        }
    };
}

pub(super) use assertion_methods;
