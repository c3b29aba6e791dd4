//! Values that stronger sources override.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    effective_values::EffectiveValues, layer::Layer, locate::KeyOrValue, merge::Merged, values,
    walk::deserialize,
};
use crate::{config::Config, error::Origin};

/// The values that are overridden, by their keys, the strongest first.
pub(super) type Overridden = HashMap<String, Vec<(Value, Origin)>>;

/// Returns the values of all layers except the strongest one of each key. Secrets are masked, and
/// values of keys for which `is_redacted` returns `true`.
pub(super) fn overridden(merged: &Merged<Config>, is_redacted: impl Fn(&str) -> bool) -> Overridden {
    let mut found = Overridden::new();
    for layer in merged.layers().iter().rev() {
        let mut values = values_of(layer);
        values.mask(&is_redacted);
        for (key, value) in values.0 {
            found.entry(key).or_default().push(value);
        }
    }
    found.retain(|_, values| {
        values.remove(0);
        !values.is_empty()
    });
    found
}

/// Returns the values that a layer contains. The types of the configuration mask secrets.
fn values_of(layer: &Layer) -> EffectiveValues {
    let mut found = EffectiveValues::default();
    if let Ok(config) = deserialize::<Config>(&layer.values) {
        found.add::<Config>(&config, &|path| match values::find(&layer.values, path) {
            Some(_) => layer.source.origin(path, KeyOrValue::Value),
            None => Origin::Default,
        });
    }
    found.0.retain(|_, (_, origin)| *origin != Origin::Default);
    found
}
