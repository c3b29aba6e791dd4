//! The places of keys that a declarative file sets, and their paths there.

use std::{collections::HashMap, path::Path, sync::Arc};

use super::node::{Node, Place};
use crate::{config::key_path::KeyPath, error::Origin};

/// The keys that a file sets.
pub(crate) struct WrittenKeys {
    file: Arc<Path>,
    /// Keys of the configuration, in lower case, each with its place in the file.
    keys: HashMap<KeyPath, WrittenKey>,
}

struct WrittenKey {
    place: Place,
    /// The path in the file.
    path: String,
    variables: Vec<String>,
}

impl WrittenKeys {
    pub(super) fn new(file: &Path) -> Self {
        Self { file: file.into(), keys: HashMap::new() }
    }

    pub(super) fn add(&mut self, key: &[String], node: &Node) {
        let Node { place, path, variables, .. } = node;
        let written = WrittenKey { place: *place, path: path.clone(), variables: variables.clone() };
        self.keys.insert(lower_case(key), written);
    }

    /// Returns the place of a key, or of the nearest one above it.
    fn find(&self, key: &[String]) -> Option<&WrittenKey> {
        let key = lower_case(key);
        (1..=key.len()).rev().find_map(|length| self.keys.get(&key[..length]))
    }

    /// Returns the place of a key; the default if the file does not contain it.
    pub(crate) fn origin(&self, key: &[String]) -> Origin {
        self.find(key).map_or(Origin::Default, |written| self.origin_at(written.place))
    }

    pub(super) fn origin_at(&self, Place { line, column }: Place) -> Origin {
        Origin::File { path: Arc::clone(&self.file), line, column, profile: None }
    }

    /// Returns the path of a key in the file.
    pub(crate) fn path(&self, key: &[String]) -> Option<&str> {
        self.find(key).map(|written| written.path.as_str())
    }

    /// Returns the variables that the value of a key refers to.
    pub(crate) fn variables(&self, key: &[String]) -> &[String] {
        self.find(key).map_or(&[], |written| &written.variables)
    }

    /// Replaces keys of the configuration in a text by their paths in the file.
    pub(crate) fn reword(&self, text: &str) -> String {
        let mut keys: Vec<_> =
            self.keys.iter().map(|(key, written)| (key.join("."), &written.path)).collect();
        keys.retain(|(key, _)| key.contains('.') && text.contains(key.as_str()));
        keys.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
        keys.iter().fold(text.to_owned(), |text, (key, path)| text.replace(key, path))
    }
}

fn lower_case(key: &[String]) -> KeyPath {
    key.iter().map(|segment| segment.to_lowercase()).collect()
}
