//! The differences between two configurations.

use std::{collections::BTreeMap, fmt};

use super::{effective_values::EffectiveValues, explain::Explanation, loaded::Loaded};
use crate::{
    config::{key_path::key_path, resolve::inherited_from, restart::needs_restart},
    error::Origin,
};

/// A value that differs between two configurations. Secrets are masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    key: String,
    old_value: String,
    new_value: String,
    origin: Origin,
    needs_restart: bool,
}

impl Change {
    /// Returns the path of the key, for example `traces.sampler_arg`.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the value before, as in the file; `-` if the key was not set.
    #[must_use]
    pub fn old_value(&self) -> &str {
        &self.old_value
    }

    /// Returns the value afterwards, as in the file; `-` if the key is not set.
    #[must_use]
    pub fn new_value(&self) -> &str {
        &self.new_value
    }

    /// Returns the origin of the value afterwards.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns whether the value takes effect after a restart only.
    #[must_use]
    pub fn needs_restart(&self) -> bool {
        self.needs_restart
    }

    /// Returns whether only a masked part of the value differs.
    pub(crate) fn is_of_secret(&self) -> bool {
        self.old_value == self.new_value
    }

    pub(crate) fn set_needs_restart(&mut self) {
        self.needs_restart = true;
    }
}

/// Formats the key with both values and the place, such as `traces.sampler_arg 0.05 → 0.5 (line
/// 41)`. A place in a file is its line.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, old_value, new_value, origin, needs_restart: _ } = self;
        if self.is_of_secret() {
            // Only a secret differs without a visible difference.
            return write!(f, "{key} (secret)");
        }
        write!(f, "{key} {old_value} → {new_value} (")?;
        match origin {
            Origin::File { line, .. } => write!(f, "line {line})"),
            other => write!(f, "{other})"),
        }
    }
}

impl Explanation {
    /// Returns the values that a reload from this configuration to `newer` would change.
    ///
    /// A value that [needs a restart](Change::needs_restart) would stay as it is until then.
    #[must_use]
    pub fn changes(&self, newer: &Self) -> Vec<Change> {
        changes(&self.loaded, &newer.loaded)
    }
}

/// Returns the values that differ, by their keys. A key that follows from a general one is left out
/// if that one differs too.
pub(crate) fn changes(old: &Loaded, new: &Loaded) -> Vec<Change> {
    let (old_values, new_values) = (EffectiveValues::of(old), EffectiveValues::of(new));
    let mut values: BTreeMap<&str, (String, String, Origin)> = BTreeMap::new();
    let unset = || "-".to_owned();
    for (key, value, origin) in old_values.rows() {
        // An exporter that is removed had defaults.
        let new = if *origin == Origin::Default { value.clone() } else { unset() };
        values.insert(key, (value, new, Origin::Default));
    }
    for (key, value, origin) in new_values.rows() {
        match values.get_mut(key) {
            Some(known) => (known.1, known.2) = (value, origin.clone()),
            // An exporter that is added has defaults.
            None if *origin == Origin::Default => {}
            None => drop(values.insert(key, (unset(), value, origin.clone()))),
        }
    }
    if let (Some((name, origin)), Some(profile)) = (new.profile_of_file(), values.get_mut("profile")) {
        (profile.1, profile.2) = (name, origin);
    }
    values.retain(|key, (before, after, _)| before != after || is_other_secret(key, after, old, new));
    let follows = |key: &str| {
        let path = key_path(key);
        let is_set = |loaded: &Loaded| loaded.origin(&path) != Origin::Default;
        let general = inherited_from(&path).map(|general| general.join("."));
        !is_set(old) && !is_set(new) && general.is_some_and(|general| values.contains_key(general.as_str()))
    };
    values
        .iter()
        .filter(|(key, _)| !follows(key))
        .map(|(key, (old_value, new_value, origin))| Change {
            key: (*key).to_owned(),
            old_value: old_value.clone(),
            new_value: new_value.clone(),
            origin: origin.clone(),
            needs_restart: needs_restart(&key_path(key)),
        })
        .collect()
}

/// Returns whether a masked value differs behind its mask.
fn is_other_secret(key: &str, masked: &str, old: &Loaded, new: &Loaded) -> bool {
    masked.contains("***") && {
        let path = key_path(key);
        old.differs(new, &path)
    }
}
