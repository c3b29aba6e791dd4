//! Layers of values: each checked on its own, then merged, each value with its origin.

use std::{collections::HashMap, panic::Location, sync::Arc};

use figment::{
    Figment, Metadata, Profile, Provider, Source,
    error::{Actual, Kind as FigmentKind},
    value::{Dict, Map, Tag, Value},
};
use serde::Deserialize;

use super::{
    file::FileText,
    locate::KeyOrValue,
    value_type::{self, ValueType, unknown_key},
};
use crate::{
    config::{
        Config, DURATION_HELP,
        key_path::KeyPath,
        validate::{RuleViolation, Severity},
        value::ParseError,
    },
    error::{Origin, Problem},
};

/// Where the values of one layer come from.
#[derive(Clone)]
pub(crate) enum LayerSource {
    Code(&'static Location<'static>),
    /// The file; the prefix is empty, or `profiles.NAME` for the values of a profile.
    File {
        text: Arc<FileText>,
        prefix: KeyPath,
    },
    Env(String),
}

impl LayerSource {
    /// The origin of the value at `path`.
    pub(crate) fn origin(&self, path: &[String], part: KeyOrValue) -> Origin {
        match self {
            Self::Code(location) => Origin::Code(location),
            Self::Env(name) => Origin::Env(name.clone()),
            Self::File { text, prefix } => text.origin(&[prefix, path].concat(), part),
        }
    }

    fn key(&self, path: &[String]) -> String {
        match self {
            Self::File { prefix, .. } => [prefix, path].concat().join("."),
            _ => path.join("."),
        }
    }

    /// The words of `rejection`, at the value or the key at `path`.
    pub(crate) fn problem(&self, path: &[String], rejection: ParseError) -> Problem {
        let part = if rejection.blames_key { KeyOrValue::Key } else { KeyOrValue::Value };
        Problem {
            at: Some(self.origin(path, part)),
            key: Some(self.key(path)),
            help: rejection.help,
            ..Problem::new(rejection.message)
        }
    }
}

/// Values from one source.
#[derive(Clone)]
pub(crate) struct Layer {
    pub(crate) values: Dict,
    pub(crate) source: LayerSource,
}

impl Layer {
    /// A layer that holds one value.
    pub(crate) fn single(source: LayerSource, path: &[String], value: Value) -> Self {
        let mut values = Dict::new();
        insert(&mut values, path, value);
        Self { values, source }
    }

    /// Removes every value that its key does not accept, and says why. What is left deserializes.
    pub(crate) fn check(&mut self) -> Vec<Problem> {
        let mut problems = Vec::new();
        refuse_lists(&mut self.values, &mut KeyPath::new(), &mut |path| {
            problems.push(self.source.problem(path, ParseError::new("expected a table, found a list")));
        });
        while problems.len() < MAX_PROBLEMS {
            let Err(error) = Config::deserialize(&Value::from(self.values.clone())) else { return problems };
            if let FigmentKind::UnknownField(_, known) = error.kind {
                self.refuse_unknown(&error.path, known, &mut problems);
                continue;
            }
            let rejection = rejection(error.kind);
            // An entry of a list has a place of its own, but no key; nor has a name that cannot be one, and that may be a
            // secret.
            let key = key_of(&self.values, &error.path);
            let key = if rejection.blames_key { &key[..key.len() - 1] } else { key };
            let key = self.source.key(key);
            problems.push(Problem { key: Some(key), ..self.source.problem(&error.path, rejection) });
            if !remove(&mut self.values, &error.path) {
                // Unreachable as long as errors carry their path; without this line a mistake would be a hang.
                return problems;
            }
        }
        // What is left is neither checked nor used.
        self.values.clear();
        let message = "further problems are not looked for";
        problems.push(Problem { key: None, ..self.source.problem(&[], ParseError::new(message)) });
        problems
    }

    /// Removes all keys that are unknown in the table where `path` leads to one.
    fn refuse_unknown(&mut self, path: &[String], known: &[&str], problems: &mut Vec<Problem>) {
        let Some((_, table)) = path.split_last() else { return };
        let Some(values) = table_mut(&mut self.values, table) else { return };
        let unknown: Vec<_> = values
            .iter()
            .filter(|(key, _)| !known.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), matches!(value, Value::Dict(..))))
            .collect();
        values.retain(|key, _| known.contains(&key.as_str()));
        // Profiles are taken out before, but whoever misspells the word means them.
        let at_top =
            table.is_empty() && matches!(&self.source, LayerSource::File { prefix, .. } if prefix.is_empty());
        for (key, is_table) in unknown {
            let profiles = (at_top && is_table).then_some("profiles");
            let known: Vec<&str> = profiles.into_iter().chain(known.iter().copied()).collect();
            problems.push(
                self.source.problem(&[table, std::slice::from_ref(&key)].concat(), unknown_key(&key, &known)),
            );
        }
    }
}

/// More than this in one source are not looked for: each costs a pass over all values.
const MAX_PROBLEMS: usize = 500;

/// Removes the lists that stand where a table belongs; serde would take their entries for the fields, by position.
fn refuse_lists(values: &mut Dict, path: &mut KeyPath, refuse: &mut impl FnMut(&[String])) {
    values.retain(|key, value| {
        path.push(key.clone());
        let keep = match value {
            Value::Dict(_, inner) => {
                refuse_lists(inner, path, refuse);
                true
            }
            Value::Array(..) => !matches!(value_type::kind_of(path), Ok(ValueType::Table | ValueType::Map)),
            _ => true,
        };
        if !keep {
            refuse(path);
        }
        path.pop();
        keep
    });
}

/// The words for what a key refused. Never quotes the value, which may be a secret; types that know better do.
fn rejection(kind: FigmentKind) -> ParseError {
    match kind {
        FigmentKind::Message(message) => ParseError::from_serde(&message),
        FigmentKind::InvalidType(actual, expected) | FigmentKind::InvalidValue(actual, expected) => {
            // Serde knows a table by the name of its type.
            let is_table = expected.starts_with("struct ") || expected == "a map";
            let expected = if is_table { "a table" } else { &expected };
            let rejection = ParseError::new(format!("expected {expected}, found {}", kind_name(&actual)));
            match actual {
                Actual::Unsigned(_) | Actual::Signed(_) | Actual::Float(_)
                    if expected.starts_with("a duration") =>
                {
                    rejection.with_help(DURATION_HELP)
                }
                Actual::Str(_) if expected == "a list" => rejection.with_help("put it in brackets: [\"…\"]"),
                _ => rejection,
            }
        }
        other => ParseError::new(other.to_string()),
    }
}

fn kind_name(actual: &Actual) -> &'static str {
    match actual {
        Actual::Bool(_) => "a boolean",
        Actual::Unsigned(_) | Actual::Signed(_) => "a whole number",
        Actual::Float(_) => "a number",
        Actual::Str(_) | Actual::Char(_) => "a text",
        Actual::Seq => "a list",
        Actual::Map => "a table",
        _ => "something else",
    }
}

/// The merged layers, the strongest last.
pub(crate) struct Merged {
    layers: Vec<Layer>,
    values: Dict,
    /// By the tag that figment gave to the values of a layer.
    sources: HashMap<Tag, LayerSource>,
}

/// Hands a layer to figment, under a name by which its source is found again.
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
    pub(crate) fn new(layers: Vec<Layer>) -> Self {
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
        note_sources(&self.values, &mut |tag| {
            let index = figment
                .get_metadata(tag)
                .and_then(|metadata| metadata.source.as_ref()?.custom()?.parse::<usize>().ok());
            if let Some(layer) = index.and_then(|index| self.layers.get(index)) {
                self.sources.entry(tag).or_insert_with(|| layer.source.clone());
            }
        });
    }

    /// The configuration. Every layer was checked, so the values fit.
    pub(crate) fn config(&self) -> Result<Config, Problem> {
        Config::deserialize(&Value::from(self.values.clone()))
            .map_err(|error| Problem::new(rejection(error.kind).message).with_key(error.path.join(".")))
    }

    /// Where the value at `path` came from.
    pub(crate) fn origin(&self, path: &[String]) -> Origin {
        let source = find(&self.values, path).and_then(|value| self.sources.get(&value.tag()));
        source.map_or(Origin::Default, |source| source.origin(path, KeyOrValue::Value))
    }

    /// Judges a violation by where its values came from: one that `OTEL_*` alone is to blame for is a warning, and the
    /// values count as unset, as the specification demands of values that cannot be honoured.
    pub(crate) fn resolve(&mut self, violation: RuleViolation) -> Resolution {
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
                    help: help.clone(),
                    ..Problem::new(format!("{message}, ignored"))
                })
                .collect();
            if !problems.is_empty() {
                self.merge();
                return Resolution { severity: Severity::Warning, ignored: true, problems };
            }
        }
        let key = keys.first().map(|key| key.join("."));
        let at = origins.into_iter().next().filter(|origin| *origin != Origin::Default);
        Resolution { severity, ignored: false, problems: vec![Problem { at, key, help, ..Problem::new(message) }] }
    }

    /// Takes a value, or one entry of a list, out of the layer of the variable that it came from.
    fn ignore(&mut self, path: &[String], origin: &Origin, entry: Option<&str>) -> bool {
        let Origin::Env(name) = origin else { return false };
        let mut removed = false;
        for layer in &mut self.layers {
            if matches!(&layer.source, LayerSource::Env(other) if other == name) {
                removed |= match entry {
                    Some(entry) => remove_entry(&mut layer.values, path, entry),
                    None => remove(&mut layer.values, path),
                };
            }
        }
        removed
    }
}

/// What [`Merged::resolve`] found.
pub(crate) struct Resolution {
    pub(crate) severity: Severity,
    /// Values were taken out because of it.
    pub(crate) ignored: bool,
    /// One for each value that was ignored; otherwise one.
    pub(crate) problems: Vec<Problem>,
}

fn note_sources(values: &Dict, note: &mut impl FnMut(Tag)) {
    for value in values.values() {
        note(value.tag());
        if let Value::Dict(_, inner) = value {
            note_sources(inner, note);
        }
    }
}

fn insert(values: &mut Dict, path: &[String], value: Value) {
    match path {
        [] => {}
        [last] => drop(values.insert(last.clone(), value)),
        [first, rest @ ..] => {
            let slot = values.entry(first.clone()).or_insert_with(|| Dict::new().into());
            if !matches!(slot, Value::Dict(..)) {
                *slot = Dict::new().into();
            }
            if let Value::Dict(_, inner) = slot {
                insert(inner, rest, value);
            }
        }
    }
}

/// Paths are walked by segment: a key such as `deployment.region` holds a dot.
fn find<'v>(values: &'v Dict, path: &[String]) -> Option<&'v Value> {
    let (first, rest) = path.split_first()?;
    let value = values.get(first)?;
    match value {
        Value::Dict(_, inner) if !rest.is_empty() => find(inner, rest),
        _ => Some(value),
    }
}

/// The part of `path` that is a key: all of it, unless it leads into a list.
fn key_of<'p>(values: &Dict, path: &'p [String]) -> &'p [String] {
    let is_list = |length: &usize| matches!(find(values, &path[..*length]), Some(Value::Array(..)));
    let length = (1..path.len()).find(is_list).unwrap_or(path.len());
    &path[..length]
}

/// The table at `path`.
fn table_mut<'v>(values: &'v mut Dict, path: &[String]) -> Option<&'v mut Dict> {
    match path.split_first() {
        None => Some(values),
        Some((first, rest)) => match values.get_mut(first) {
            Some(Value::Dict(_, inner)) => table_mut(inner, rest),
            _ => None,
        },
    }
}

/// Removes what stands at `path`; a value inside a list takes the list with it.
fn remove(values: &mut Dict, path: &[String]) -> bool {
    match path {
        [] => false,
        [last] => values.remove(last).is_some(),
        [first, rest @ ..] => match values.get_mut(first) {
            Some(Value::Dict(_, inner)) => remove(inner, rest),
            Some(_) => values.remove(first).is_some(),
            None => false,
        },
    }
}

/// Removes one entry from the list at `path`, and the list with its last one.
fn remove_entry(values: &mut Dict, path: &[String], entry: &str) -> bool {
    let Some((first, rest)) = path.split_first() else { return false };
    match values.get_mut(first) {
        Some(Value::Dict(_, inner)) => remove_entry(inner, rest, entry),
        Some(Value::Array(_, items)) => {
            let before = items.len();
            items.retain(|item| item.as_str() != Some(entry));
            let removed = items.len() < before;
            if items.is_empty() {
                values.remove(first);
            }
            removed
        }
        _ => false,
    }
}
