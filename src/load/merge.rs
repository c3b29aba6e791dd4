//! Merges the layers, the strongest last. Each value keeps its origin.

use std::collections::HashMap;

use figment::{
    Figment, Metadata, Profile, Provider, Source,
    value::{Dict, Map, Tag, Value},
};
use serde::de::DeserializeOwned;

use super::{
    layer::{Layer, LayerSource, kind_to_error},
    locate::KeyOrValue,
    values,
};
use crate::{
    config::validate::{RuleViolation, Severity},
    error::{Origin, Problem},
};

/// The merged layers. Tables merge key by key, lists and all other values are replaced.
pub(super) struct Merged {
    layers: Vec<Layer>,
    values: Dict,
    /// Keyed by the tag that figment gives to the values of a layer.
    sources: HashMap<Tag, LayerSource>,
}

/// Provides a layer to figment, under a name that identifies its source.
struct Tagged<'l>(usize, &'l Layer);

impl Provider for Tagged<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::from("layer", Source::Custom(self.0.to_string()))
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Profile::Default.collect(self.1.values.clone()))
    }
}

impl Merged {
    pub(super) fn new(layers: Vec<Layer>) -> Self {
        let mut merged = Self { layers, values: Dict::new(), sources: HashMap::new() };
        merged.merge();
        merged
    }

    fn merge(&mut self) {
        let figment = self
            .layers
            .iter()
            .enumerate()
            .fold(Figment::new(), |figment, (index, layer)| figment.merge(Tagged(index, layer)));
        self.values = figment.extract::<Value>().ok().and_then(Value::into_dict).unwrap_or_default();
        self.sources.clear();
        for_each_tag(&self.values, &mut |tag| {
            let index = figment
                .get_metadata(tag)
                .and_then(|metadata| metadata.source.as_ref()?.custom()?.parse::<usize>().ok());
            if let Some(layer) = index.and_then(|index| self.layers.get(index)) {
                self.sources.entry(tag).or_insert_with(|| layer.source.clone());
            }
        });
    }

    /// Returns the configuration. Every layer was checked, so the values fit.
    pub(super) fn config<C: DeserializeOwned>(&self) -> Result<C, Problem> {
        C::deserialize(&Value::from(self.values.clone()))
            .map_err(|error| Problem::new(kind_to_error(error.kind).message).with_key(error.path.join(".")))
    }

    /// Returns the origin of the value at `path`.
    pub(super) fn origin(&self, path: &[String]) -> Origin {
        let source = values::find(&self.values, path).and_then(|value| self.sources.get(&value.tag()));
        source.map_or(Origin::Default, |source| source.origin(path, KeyOrValue::Value))
    }

    /// Decides about a violation by the origins of its values. If all of them come from `OTEL_*`,
    /// it is a warning and the values count as unset, as the specification requires for invalid
    /// values.
    pub(super) fn resolve(&mut self, violation: RuleViolation) -> Resolution {
        let RuleViolation { keys, entry, message, help, severity } = violation;
        let origins: Vec<_> = keys.iter().map(|key| self.origin(key)).collect();
        let set: Vec<_> =
            keys.iter().zip(&origins).filter(|(_, origin)| **origin != Origin::Default).collect();
        let is_lenient = |origin: &Origin| matches!(origin, Origin::Env(name) if name.starts_with("OTEL_"));
        if severity == Severity::Error && !set.is_empty() && set.iter().all(|(_, origin)| is_lenient(origin))
        {
            let problems: Vec<_> = set
                .into_iter()
                .filter(|(path, origin)| self.ignore(path, origin, entry.as_deref()))
                .map(|(path, origin)| Problem {
                    at: Some(origin.clone()),
                    key: Some(path.join(".")),
                    ..Problem::new(format!("{message}, ignored")).with_optional_help(help.clone())
                })
                .collect();
            if !problems.is_empty() {
                self.merge();
                return Resolution { severity: Severity::Warning, ignored: true, problems };
            }
        }
        let key = keys.first().map(|key| key.join("."));
        let at = origins.into_iter().next().filter(|origin| *origin != Origin::Default);
        let problem = Problem { at, key, ..Problem::new(message).with_optional_help(help) };
        Resolution { severity, ignored: false, problems: vec![problem] }
    }

    /// Removes a value, or one entry of a list, from the layer of the variable that set it.
    fn ignore(&mut self, path: &[String], origin: &Origin, entry: Option<&str>) -> bool {
        let Origin::Env(name) = origin else { return false };
        let mut removed = false;
        for layer in &mut self.layers {
            if matches!(&layer.source, LayerSource::Env(other) if other == name) {
                removed |= match entry {
                    Some(entry) => values::remove_entry(&mut layer.values, path, entry),
                    None => values::remove(&mut layer.values, path),
                };
            }
        }
        removed
    }
}

/// The result of [`Merged::resolve`].
pub(super) struct Resolution {
    pub(super) severity: Severity,
    /// Values were removed because of it.
    pub(super) ignored: bool,
    /// One problem for each value that was ignored; otherwise one in total.
    pub(super) problems: Vec<Problem>,
}

fn for_each_tag(values: &Dict, note: &mut impl FnMut(Tag)) {
    for value in values.values() {
        note(value.tag());
        if let Value::Dict(_, inner) = value {
            for_each_tag(inner, note);
        }
    }
}
