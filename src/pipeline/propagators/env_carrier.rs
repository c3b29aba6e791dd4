//! Environment variables as the headers of a process.
//!
//! See the specification, "Environment Variables as Context Propagation Carriers".

use std::{borrow::Cow, collections::BTreeMap};

use opentelemetry::propagation::{Extractor, Injector};

/// Reads the headers of this process from its environment.
pub(super) struct EnvExtractor<'e>(pub(super) &'e dyn Fn(&str) -> Option<&'e str>);

impl Extractor for EnvExtractor<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (self.0)(&variable_name(key))
    }

    /// The names of variables do not show where a prefix ends, so no header is found by one.
    fn keys(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// Collects the variables for another process.
#[derive(Debug, Default)]
pub(super) struct EnvInjector(pub(super) BTreeMap<String, String>);

impl Injector for EnvInjector {
    fn set(&mut self, key: &str, value: String) {
        // With such a value, the operating system would refuse to start the process.
        if value.contains('\0') {
            return;
        }
        self.0.insert(variable_name(key).into_owned(), value);
    }
}

/// Returns the name of the variable for a header: `traceparent` becomes `TRACEPARENT`.
pub(super) fn variable_name(key: &str) -> Cow<'_, str> {
    let name: String =
        key.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}").into() } else { name.into() }
}
