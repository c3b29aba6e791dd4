//! The environment, read once.

use std::{collections::BTreeMap, ffi::OsString};

/// A copy of the environment variables. Empty ones count as unset, as the specification demands.
///
/// No `Debug`: it would print every secret that a process has.
#[derive(Clone, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
    not_unicode: Vec<String>,
}

impl Environment {
    /// The environment of this process. The only place that reads it.
    pub(crate) fn from_process() -> Self {
        Self::from_os(std::env::vars_os())
    }

    pub(crate) fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self::from_os(variables.into_iter().map(|(name, value)| (name.into(), value.into())))
    }

    fn from_os(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut environment = Self::default();
        for (name, value) in variables {
            // A name that is not Unicode is none of ours.
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) if value.is_empty() => {}
                Ok(value) => drop(environment.variables.insert(name, value)),
                Err(_) => environment.not_unicode.push(name),
            }
        }
        environment
    }

    /// Takes a variable out.
    #[cfg(feature = "cli")]
    pub(crate) fn remove(&mut self, name: &str) {
        self.variables.remove(name);
        self.not_unicode.retain(|other| other != name);
    }

    /// The value, without blanks around it; `None` when unset or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.get_raw(name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// The value as it stands.
    pub(crate) fn get_raw(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Names and values of the set variables that begin with `prefix`.
    pub(crate) fn starting_with(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        let prefix = prefix.to_owned();
        self.variables
            .iter()
            .filter(move |(name, _)| name.starts_with(&prefix))
            .map(|(name, value)| (name.as_str(), value.trim()))
            .filter(|(_, value)| !value.is_empty())
    }

    /// Names of variables whose value is not Unicode.
    pub(crate) fn not_unicode(&self) -> &[String] {
        &self.not_unicode
    }
}
