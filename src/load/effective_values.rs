//! Values and their origins, by their keys.

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{loaded::Loaded, parse::is_whole_table};
use crate::{
    config::{Config, key_path::KeyPath, resolve::inherited_from},
    error::Origin,
};

/// Formats a value in the notation of the file.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

/// Values and origins by their keys.
#[derive(Debug, Clone, Default)]
pub(super) struct EffectiveValues(pub(super) BTreeMap<String, (Value, Origin)>);

/// The beginning of the keys of resource attributes, which may be redacted.
const RESOURCE_ATTRIBUTES: &str = "resource.attributes.";

/// Returns whether `key` is an attribute of the resource whose value must not be visible.
pub(super) fn is_redacted(config: &Config, key: &str) -> bool {
    key.strip_prefix(RESOURCE_ATTRIBUTES).is_some_and(|key| config.redact.matches(key))
}

impl EffectiveValues {
    /// Returns the values of a configuration.
    pub(super) fn of(loaded: &Loaded) -> Self {
        let config = loaded.config();
        let mut values = Self::default();
        values.add::<Config>(config, &|path| loaded.origin(path));
        // A derived value has the origin of the value that it derives from.
        values.add::<Config>(&config.resolved(), &|path| match (loaded.origin(path), inherited_from(path)) {
            (Origin::Default, Some(general)) => loaded.origin(&general),
            (origin, _) => origin,
        });
        values.mask(|key| is_redacted(config, key));
        values
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, String, &Origin)> {
        self.0.iter().map(|(key, (value, origin))| (key.as_str(), text(value), origin))
    }

    /// Hides the values of the keys for which `is_secret` returns `true`.
    pub(super) fn mask(&mut self, is_secret: impl Fn(&str) -> bool) {
        for (_, (value, _)) in self.0.iter_mut().filter(|(key, _)| is_secret(key)) {
            *value = Value::from("***");
        }
    }

    /// Adds each value in `table`. A value replaces a previous one of the same key.
    /// Its keys are those of configuration `C`.
    pub(super) fn add<C: DeserializeOwned>(
        &mut self,
        table: &impl Serialize,
        origin: &impl Fn(&[String]) -> Origin,
    ) {
        if let Ok(value) = serde_json::to_value(table) {
            self.add_value::<C>(value, &mut KeyPath::new(), origin);
        }
    }

    fn add_value<C: DeserializeOwned>(
        &mut self,
        value: Value,
        path: &mut KeyPath,
        origin: &impl Fn(&[String]) -> Origin,
    ) {
        let key = path.join(".");
        match value {
            Value::Object(table) if !is_whole_table::<C>(path) => {
                // A table replaces the null of an absent one.
                if !table.is_empty() {
                    self.0.remove(&key);
                }
                for (key, value) in table {
                    path.push(key);
                    self.add_value::<C>(value, path, origin);
                    path.pop();
                }
            }
            Value::Array(tables) if tables.iter().any(Value::is_object) => {
                for (index, table) in tables.into_iter().enumerate() {
                    path.push(index.to_string());
                    self.add_value::<C>(table, path, origin);
                    path.pop();
                }
            }
            value => drop(self.0.insert(key, (value, origin(path)))),
        }
    }
}
