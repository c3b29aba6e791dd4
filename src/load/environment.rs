//! The environment, read once.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
};

/// A copy of the environment variables. Empty ones count as unset, as the specification requires,
/// except in references.
///
/// Does not implement `Debug`, which would print every secret in the environment.
#[derive(Clone, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
    not_unicode: BTreeSet<String>,
}

impl Environment {
    /// Copies the environment of this process. Nothing else reads it.
    pub(crate) fn from_process() -> Self {
        Self::new(std::env::vars_os())
    }

    /// Copies these variables. If a name occurs more than once, the last value wins.
    pub(crate) fn new<K: Into<OsString>, V: Into<OsString>>(
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let mut environment = Self::default();
        for (name, value) in variables {
            // A name that is not Unicode cannot be one that the library reads.
            let Ok(name) = name.into().into_string() else { continue };
            if let Ok(value) = value.into().into_string() {
                environment.not_unicode.remove(&name);
                environment.variables.insert(name, value);
            } else {
                environment.variables.remove(&name);
                environment.not_unicode.insert(name);
            }
        }
        environment
    }

    /// Returns the value without surrounding whitespace; `None` when unset or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.get_raw(name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// Returns the unchanged value; `None` when unset.
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

    /// Returns whether the variables disable color: `NO_COLOR` is set, or `TERM` is `dumb`.
    pub(crate) fn disables_color(&self) -> bool {
        self.get("NO_COLOR").is_some() || self.get("TERM") == Some("dumb")
    }

    /// Returns the names of variables whose value is not Unicode.
    pub(crate) fn not_unicode(&self) -> &BTreeSet<String> {
        &self.not_unicode
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;

    #[test]
    fn last_value_of_a_name_counts_even_if_it_is_not_unicode() {
        let bad = || OsString::from_vec(vec![0xff]);
        let variables = [
            ("A", "1".into()),
            ("B", bad()),
            ("A", bad()),
            ("B", "2".into()),
            ("C", "3".into()),
            ("C", "".into()),
        ];
        let environment = Environment::new(variables);
        assert_eq!(
            (environment.get("A"), environment.get("B"), environment.get("C")),
            (None, Some("2"), None)
        );
        assert_eq!(environment.get_raw("C"), Some(""));
        assert!(environment.not_unicode().iter().eq(["A"]));
    }
}
