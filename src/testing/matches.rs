//! The shared part of all assertions: items that match conditions, and the message of a failure.

use std::fmt::Write as _;

use opentelemetry::{Value, logs::AnyValue};

use super::{attributes::Attributed, recording::Recording};
use crate::format::{to_any_value, value::push_pair};

/// The maximum number of distinct values of non-matching items in a message.
const MAX_LISTED: usize = 5;

/// The items that match all conditions so far, and a description of these conditions.
#[derive(Debug, Clone)]
pub(super) struct Matches<T> {
    /// The description, such as `span "charge" with payment=card`.
    description: String,
    items: Vec<T>,
    recording: Recording,
}

impl<T> Matches<T> {
    /// Panics if there are no items. `hint` then follows the message.
    #[track_caller]
    pub(super) fn new(recording: &Recording, description: String, items: Vec<T>, hint: &str) -> Self {
        let matches = Self { description, items, recording: recording.clone() };
        if matches.items.is_empty() {
            matches.fail(&format!("expected {}, found {hint}", matches.description));
        }
        matches
    }

    pub(super) fn description(&self) -> &str {
        &self.description
    }

    pub(super) fn items(&self) -> &[T] {
        &self.items
    }

    pub(super) fn recording(&self) -> &Recording {
        &self.recording
    }

    /// Keeps the items that also match `condition`, and panics if none does.
    ///
    /// `actual` describes other items for the message.
    #[track_caller]
    pub(super) fn narrow(
        mut self,
        condition: &str,
        mut predicate: impl FnMut(&T) -> bool,
        actual: impl Fn(&T) -> String,
    ) -> Self {
        let (items, others): (Vec<T>, Vec<T>) = self.items.into_iter().partition(|item| predicate(item));
        self.items = items;
        if self.items.is_empty() {
            let description = &self.description;
            let mut message =
                format!("expected {description}{condition}, found {} x {description}", others.len());
            let listed = list_distinct(others.iter().map(actual));
            if !listed.is_empty() {
                let _ = write!(message, " ({listed})");
            }
            self.fail(&message);
        }
        self.description.push_str(condition);
        self
    }

    /// Panics unless there are exactly `times` items.
    #[track_caller]
    pub(super) fn times(self, times: usize) -> Self {
        let found = self.items.len();
        if found != times {
            self.fail(&format!("expected {times} x {}, found {found} x", self.description));
        }
        self
    }

    /// Panics with `message` and everything that was captured.
    #[track_caller]
    pub(super) fn fail(&self, message: &str) -> ! {
        panic!("{message}\n\n{}", self.recording)
    }
}

fn list_distinct(texts: impl Iterator<Item = String>) -> String {
    let mut distinct: Vec<String> = Vec::new();
    for text in texts.filter(|text| !text.is_empty()) {
        if distinct.contains(&text) {
            continue;
        }
        if distinct.len() == MAX_LISTED {
            distinct.push("…".to_owned());
            break;
        }
        distinct.push(text);
    }
    distinct.join(", ")
}

impl<T: Attributed> Matches<T> {
    #[track_caller]
    pub(super) fn with_attribute(self, key: &str, value: &Value) -> Self {
        let expected = to_any_value(value);
        let describe = |value: Option<&AnyValue>| {
            let mut out = String::new();
            match value {
                Some(value) => push_pair(&mut out, key, value),
                None => drop(write!(out, "no {key}")),
            }
            out
        };
        self.narrow(
            &format!(" with {}", describe(Some(&expected))),
            |item| item.attribute_value(key).as_ref() == Some(&expected),
            |item| describe(item.attribute_value(key).as_ref()),
        )
    }
}

/// Defines the methods that all assertions have.
macro_rules! assertion_methods {
    ($item:ty) => {
        #[track_caller]
        fn narrow(
            self,
            condition: &str,
            predicate: impl FnMut(&$item) -> bool,
            actual: impl Fn(&$item) -> String,
        ) -> Self {
            Self(self.0.narrow(condition, predicate, actual))
        }

        /// Keeps the items that have this attribute.
        ///
        /// # Panics
        ///
        /// Panics if no item is left.
        #[track_caller]
        pub fn with_attribute(self, key: &str, value: impl Into<Value>) -> Self {
            Self(self.0.with_attribute(key, &value.into()))
        }

        /// Keeps the items for which the predicate returns `true`.
        ///
        /// The message of a failure contains `condition`, such as `that lasts a minute`.
        ///
        /// # Panics
        ///
        /// Panics if no item is left.
        #[track_caller]
        pub fn matching(self, condition: &str, predicate: impl FnMut(&$item) -> bool) -> Self {
            self.narrow(&format!(" {condition}"), predicate, |_| String::new())
        }

        /// Asserts that exactly this many items are left.
        ///
        /// # Panics
        ///
        /// Panics if there are more or fewer.
        #[track_caller]
        pub fn times(self, times: usize) -> Self {
            Self(self.0.times(times))
        }
    };
}

pub(super) use assertion_methods;
