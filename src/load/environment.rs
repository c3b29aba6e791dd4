//! The environment, read once.

use std::{collections::BTreeMap, ffi::OsString};

/// A copy of the environment variables. Empty ones count as unset, as the specification requires.
///
/// Does not implement `Debug`, which would print every secret in the environment.
#[derive(Clone, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
    not_unicode: Vec<String>,
}

impl Environment {
    /// Copies the environment of this process. Nothing else reads it.
    pub(crate) fn from_process() -> Self {
        Self::from_os(std::env::vars_os())
    }

    pub(crate) fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self::from_os(variables.into_iter().map(|(name, value)| (name.into(), value.into())))
    }

    fn from_os(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut environment = Self::default();
        for (name, value) in variables {
            // No variable of this library has a name that is not Unicode.
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) if value.is_empty() => {}
                Ok(value) => drop(environment.variables.insert(name, value)),
                Err(_) => environment.not_unicode.push(name),
            }
        }
        environment
    }

    /// Removes a variable.
    #[cfg(feature = "cli")]
    pub(crate) fn remove(&mut self, name: &str) {
        self.variables.remove(name);
        self.not_unicode.retain(|other| other != name);
    }

    /// Returns the value without surrounding whitespace; `None` when unset or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.get_raw(name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// Returns the unchanged value.
    pub(crate) fn get_raw(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Returns names and values of the set variables that start with `prefix`.
    pub(crate) fn starting_with(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        let prefix = prefix.to_owned();
        self.variables
            .iter()
            .filter(move |(name, _)| name.starts_with(&prefix))
            .map(|(name, value)| (name.as_str(), value.trim()))
            .filter(|(_, value)| !value.is_empty())
    }

    /// Returns the names of variables whose value is not Unicode.
    pub(crate) fn not_unicode(&self) -> &[String] {
        &self.not_unicode
    }
}
