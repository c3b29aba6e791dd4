//! Merges the layers, the strongest last. Each value keeps its origin.

use std::{
    collections::{HashMap, HashSet},
    marker::PhantomData,
};

use serde::de::DeserializeOwned;

use super::{
    layer::Layer,
    layer_source::LayerSource,
    locate::KeyOrValue,
    parse::{enclosing_value, is_whole_table},
    value_tree::{Table, Value},
    values,
    walk::deserialize,
};
use crate::{
    config::{
        key_path::{KeyPath, key_path},
        validate::{Culprit, RuleViolation, Severity},
        value::ParseError,
    },
    error::{Origin, Problem},
};

/// The merged layers of configuration `C`. Tables merge key by key, lists and all other values are
/// replaced.
pub(super) struct Merged<C> {
    layers: Vec<Layer>,
    values: Table,
    config: PhantomData<fn() -> C>,
}

impl<C: DeserializeOwned> Merged<C> {
    pub(super) fn new(layers: Vec<Layer>) -> Self {
        let values = merge::<C>(&layers);
        Self { layers, values, config: PhantomData }
    }

    /// Adds layers below all others.
    pub(super) fn add_weakest(&mut self, layers: Vec<Layer>) {
        self.layers.splice(0..0, layers);
        self.values = merge::<C>(&self.layers);
    }

    /// Returns the value at `path`, if one is set.
    pub(super) fn value(&self, path: &[String]) -> Option<&Value> {
        values::find(&self.values, path)
    }

    /// Returns the layers, the weakest first.
    pub(super) fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Returns whether a value is set at `path`.
    pub(super) fn holds(&self, path: &[String]) -> bool {
        values::find(&self.values, path).is_some()
    }

    /// Returns the configuration. Every layer was checked, so the values fit.
    pub(super) fn config(&self) -> Result<C, Problem> {
        deserialize(&self.values).map_err(|refusal| {
            Problem::new(ParseError::from(refusal.reason).message).with_key(refusal.path.join("."))
        })
    }

    /// Returns the origin of the value at `path`: the strongest layer that contains it.
    pub(super) fn origin(&self, path: &[String]) -> Origin {
        self.layer_of(path).map_or(Origin::Default, |layer| layer.source.origin(path, KeyOrValue::Value))
    }

    fn layer_of(&self, path: &[String]) -> Option<&Layer> {
        values::find(&self.values, path)?;
        self.layers.iter().rev().find(|layer| values::find(&layer.values, path).is_some())
    }

    /// Decides about violations by the origins of their values. If one of the values comes from
    /// `OTEL_*`, it counts as unset and the violation is a warning, as the specification requires
    /// for invalid values.
    pub(super) fn resolve(&mut self, violations: Vec<RuleViolation>) -> Resolution {
        let mut resolution = Resolution::default();
        let mut ignored = Ignored::default();
        for violation in violations {
            let lenient = |culprit: &&Culprit| self.variable_of(&culprit.key).is_some();
            let culprit = (violation.severity == Severity::Error)
                .then(|| violation.culprits.iter().find(lenient))
                .flatten();
            match culprit {
                // Another violation with the same culprit is reported if it remains without it.
                Some(culprit) => {
                    if ignored.add(culprit) {
                        let message = format!("{}, ignored", violation.message);
                        resolution.ignored.push(self.problem(culprit, message, violation.help));
                    }
                }
                None => {
                    let Some(culprit) = violation.culprits.first() else { continue };
                    let problem = self.problem(culprit, violation.message, violation.help);
                    match violation.severity {
                        Severity::Error => resolution.errors.push(problem),
                        Severity::Warning => resolution.warnings.push(problem),
                    }
                }
            }
        }
        resolution.changed = self.ignore(&ignored);
        resolution
    }

    /// Returns the problem of a key, at the entry that is at fault. A default has no place.
    fn problem(&self, culprit: &Culprit, message: String, help: Option<String>) -> Problem {
        let Culprit { key, entry } = culprit;
        let index = entry.as_ref().and_then(|entry| self.index_of(key, entry));
        let path = [key.as_slice(), index.as_slice()].concat();
        let at = Some(self.origin(&path)).filter(|origin| *origin != Origin::Default);
        let problem =
            Problem { at, key: Some(key.join(".")), ..Problem::new(message).with_optional_help(help) };
        self.reworded(&path, problem)
    }

    /// Gives a problem of the key at `path` the words of a source with other ones.
    pub(super) fn reworded(&self, path: &[String], problem: Problem) -> Problem {
        let reworded = self.layers.iter().rev().find_map(|layer| layer.source.reworded(path, &problem));
        reworded.unwrap_or(problem)
    }

    /// Returns the names of the variables that the value at `path` refers to.
    pub(super) fn variables(&self, path: &[String]) -> &[String] {
        self.layer_of(path).map_or(&[], |layer| layer.source.variables(path))
    }

    /// Returns the index of an entry of the list at `key`.
    fn index_of(&self, key: &[String], entry: &str) -> Option<String> {
        let Value::List(items) = values::find(&self.values, key)? else { return None };
        let index = items.iter().position(|item| item.as_str() == Some(entry))?;
        Some(index.to_string())
    }

    /// Returns the name of the `OTEL_*` variable that sets the value at `path`.
    fn variable_of(&self, path: &[String]) -> Option<&str> {
        match &self.layer_of(path)?.source {
            LayerSource::Env(name) if name.starts_with("OTEL_") => Some(name),
            _ => None,
        }
    }

    /// Removes values, or entries of lists, from the layers of the variables that set them. Returns
    /// `true` if a value was removed.
    fn ignore(&mut self, ignored: &Ignored) -> bool {
        let mut removed = false;
        for (path, entries) in &ignored.0 {
            let Some(name) = self.variable_of(path).map(str::to_owned) else { continue };
            let is_of_variable =
                |source: &LayerSource| matches!(source, LayerSource::Env(other) if *other == name);
            for layer in self.layers.iter_mut().filter(|layer| is_of_variable(&layer.source)) {
                removed |= match entries {
                    Some(entries) => values::remove_entries(&mut layer.values, path, entries),
                    // A rest would have another meaning, or none.
                    None => {
                        let whole = enclosing_value::<C>(path).unwrap_or(path);
                        values::remove(&mut layer.values, whole)
                    }
                };
            }
        }
        if removed {
            self.values = merge::<C>(&self.layers);
        }
        removed
    }
}

fn merge<C: DeserializeOwned>(layers: &[Layer]) -> Table {
    let mut values = Table::new();
    let (sampler, argument) = (key_path("traces.sampler"), key_path("traces.sampler_arg"));
    for layer in layers {
        // A table contains its arguments. That of a weaker sampler is not for it.
        if let Some(Value::Table(_)) = values::find(&layer.values, &sampler) {
            values::remove(&mut values, &argument);
        }
        merge_into::<C>(&mut values, &layer.values, &mut KeyPath::new());
    }
    values
}

fn merge_into<C: DeserializeOwned>(values: &mut Table, stronger: &Table, path: &mut KeyPath) {
    for (key, value) in stronger {
        match (values.get_mut(key), value) {
            (Some(slot @ Value::Table(_)), Value::Table(stronger)) => {
                path.push(key.clone());
                match slot {
                    Value::Table(table) if !is_whole_table::<C>(path) => {
                        merge_into::<C>(table, stronger, path);
                    }
                    slot => *slot = value.clone(),
                }
                path.pop();
            }
            (Some(slot), value) => *slot = value.clone(),
            (None, value) => drop(values.insert(key.clone(), value.clone())),
        }
    }
}

/// The paths of values to remove, or of lists with the entries to remove.
#[derive(Default)]
struct Ignored(HashMap<KeyPath, Option<HashSet<String>>>);

impl Ignored {
    /// Returns `false` for a culprit that was added before.
    fn add(&mut self, culprit: &Culprit) -> bool {
        let Some(entry) = &culprit.entry else { return self.0.insert(culprit.key.clone(), None).is_none() };
        match self.0.entry(culprit.key.clone()).or_insert_with(|| Some(HashSet::new())) {
            Some(entries) => entries.insert(entry.clone()),
            None => false,
        }
    }
}

/// The result of [`Merged::resolve`].
#[derive(Default)]
pub(super) struct Resolution {
    pub(super) errors: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
    /// One warning for each value that was removed.
    pub(super) ignored: Vec<Problem>,
    /// Values were removed, which uncovers weaker ones.
    pub(super) changed: bool,
}
