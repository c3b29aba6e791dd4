//! The values of one source, checked on their own.

use std::{panic::Location, sync::Arc};

use figment::{
    error::{Actual, Kind},
    value::{Dict, Value},
};
use serde::de::DeserializeOwned;

use super::{
    file_text::FileText,
    locate::KeyOrValue,
    value_type::{ValueType, enclosing_list, parse_as, value_type},
    values,
};
use crate::{
    config::{DURATION_HELP, key_path::KeyPath, value::ParseError},
    error::{Origin, Problem},
};

/// The source of the values of one layer.
#[derive(Clone)]
pub(super) enum LayerSource {
    Code(&'static Location<'static>),
    /// The file; the prefix is empty, or `profiles.NAME` for the values of a profile.
    File {
        text: Arc<FileText>,
        prefix: KeyPath,
    },
    Env(String),
}

impl LayerSource {
    /// Returns the origin of the key or value at `path`.
    pub(super) fn origin(&self, path: &[String], part: KeyOrValue) -> Origin {
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

    /// Returns whether the source contains a key at `path`, even if its value was refused.
    fn holds(&self, path: &[String]) -> bool {
        matches!(self, Self::File { text, prefix } if text.holds(&[prefix, path].concat()))
    }

    /// Returns the problem `error` at the value or the key at `path`.
    pub(super) fn problem(&self, path: &[String], error: ParseError) -> Problem {
        let part = if error.blames_key { KeyOrValue::Key } else { KeyOrValue::Value };
        Problem {
            at: Some(self.origin(path, part)),
            key: Some(self.key(path)),
            ..Problem::new(error.message).with_optional_help(error.help)
        }
    }
}

/// Values from one source.
#[derive(Clone)]
pub(super) struct Layer {
    pub(super) values: Dict,
    pub(super) source: LayerSource,
}

/// The maximum number of problems of one source. Each costs a pass over all values.
const MAX_PROBLEMS: usize = 500;

impl Layer {
    /// Creates a layer that holds one value.
    pub(super) fn single(source: LayerSource, path: &[String], value: Value) -> Self {
        let mut values = Dict::new();
        values::insert(&mut values, path, value);
        Self { values, source }
    }

    /// Creates a layer of one value that is given as text. `reword` may improve the error of a text
    /// that cannot be read.
    pub(super) fn from_text<C: DeserializeOwned>(
        source: LayerSource,
        path: &[String],
        text: &str,
        reword: impl FnOnce(ParseError) -> ParseError,
    ) -> Result<Self, Problem> {
        let value = match enclosing_list::<C>(path) {
            Some(list) => {
                let help = format!("set `{}` as a whole", list.join("."));
                Err(ParseError::of_key("is part of a list").with_help(help))
            }
            None => parse_as::<C>(path, text),
        };
        let value = value.map_err(|error| source.problem(path, reword(error)))?;
        let mut layer = Self::single(source, path, value);
        match layer.check::<C>().into_iter().next() {
            Some(problem) => Err(problem),
            None => Ok(layer),
        }
    }

    /// Removes every value that configuration `C` does not accept, and returns the problems. The
    /// remaining values deserialize.
    pub(super) fn check<C: DeserializeOwned>(&mut self) -> Vec<Problem> {
        let mut problems = Vec::new();
        refuse_lists_in::<C>(&mut self.values, &mut KeyPath::new(), &mut |path| {
            problems.push(self.source.problem(path, ParseError::new("expected a table, found a list")));
        });
        while problems.len() < MAX_PROBLEMS {
            let Err(error) = C::deserialize(&Value::from(self.values.clone())) else { return problems };
            let path = error.path;
            let removed = match error.kind {
                Kind::UnknownField(_, known) => self.refuse_unknown(&path, known, &mut problems),
                Kind::MissingField(key) => {
                    // A value that was refused is not missing.
                    if !self.source.holds(&[path.as_slice(), &[key.to_string()]].concat()) {
                        let message = format!("requires the key `{key}`");
                        problems.push(self.source.problem(&path, ParseError::new(message)));
                    }
                    values::remove(&mut self.values, &path)
                }
                kind => {
                    problems.push(self.refused_value(&path, kind_to_error(kind)));
                    values::remove(&mut self.values, &path)
                }
            };
            if !removed {
                // Unreachable while errors carry their path. Prevents an endless loop.
                break;
            }
        }
        // Values that were not checked are not used.
        self.values.clear();
        let message = "too many problems; the rest is not checked";
        problems.push(Problem { key: None, ..self.source.problem(&[], ParseError::new(message)) });
        problems
    }

    /// Returns the problem of a value. The key of an entry of a list is that of the list. A name
    /// that is not valid may be a secret, so it is not part of the key.
    fn refused_value(&self, path: &[String], error: ParseError) -> Problem {
        let key = values::key_of(&self.values, path);
        let key = if error.blames_key { &key[..key.len() - 1] } else { key };
        Problem { key: Some(self.source.key(key)), ..self.source.problem(path, error) }
    }

    /// Removes all unknown keys of the table in which `path` leads to one.
    fn refuse_unknown(&mut self, path: &[String], known: &[&str], problems: &mut Vec<Problem>) -> bool {
        let Some((_, table)) = path.split_last() else { return false };
        let Some(values) = values::table_mut(&mut self.values, table) else { return false };
        let unknown: Vec<_> = values
            .iter()
            .filter(|(key, _)| !known.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), matches!(value, Value::Dict(..))))
            .collect();
        values.retain(|key, _| known.contains(&key.as_str()));
        // Profiles were removed before, but a table at the top may be a misspelled `profiles`.
        let at_top =
            table.is_empty() && matches!(&self.source, LayerSource::File { prefix, .. } if prefix.is_empty());
        for (key, is_table) in &unknown {
            let profiles = (at_top && *is_table).then_some("profiles");
            let known: Vec<&str> = profiles.into_iter().chain(known.iter().copied()).collect();
            let path = [table, std::slice::from_ref(key)].concat();
            problems.push(self.source.problem(&path, ParseError::unknown_key(key, &known)));
        }
        !unknown.is_empty()
    }

    /// Converts names that ignore case to lower case, so that layers merge. Returns a problem for
    /// each name that is set twice.
    pub(super) fn fold_case<C: DeserializeOwned>(&mut self) -> Vec<Problem> {
        let mut problems = Vec::new();
        fold_case_in::<C>(&mut self.values, &mut KeyPath::new(), &mut |path| {
            let error = ParseError::of_key("is set twice, with different capitalization");
            problems.push(self.source.problem(path, error));
        });
        problems
    }
}

/// Removes lists in the place of tables; serde would accept their entries as fields, by position.
fn refuse_lists_in<C: DeserializeOwned>(
    table: &mut Dict,
    path: &mut KeyPath,
    refuse: &mut impl FnMut(&[String]),
) {
    table.retain(|key, value| {
        path.push(key.clone());
        let keep = refuse_lists::<C>(value, path, refuse);
        path.pop();
        keep
    });
}

/// Returns `false` for a value that cannot be kept.
fn refuse_lists<C: DeserializeOwned>(
    value: &mut Value,
    path: &mut KeyPath,
    refuse: &mut impl FnMut(&[String]),
) -> bool {
    match value {
        Value::Dict(_, table) => {
            refuse_lists_in::<C>(table, path, refuse);
            true
        }
        Value::Array(..) if matches!(value_type::<C>(path), Ok(ValueType::Table | ValueType::Map { .. })) => {
            refuse(path);
            false
        }
        Value::Array(_, items) => {
            let mut keep = true;
            for (index, item) in items.iter_mut().enumerate() {
                if matches!(item, Value::Dict(..) | Value::Array(..)) {
                    path.push(index.to_string());
                    keep &= refuse_lists::<C>(item, path, refuse);
                    path.pop();
                }
            }
            keep
        }
        _ => true,
    }
}

fn fold_case_in<C: DeserializeOwned>(
    table: &mut Dict,
    path: &mut KeyPath,
    refuse: &mut impl FnMut(&[String]),
) {
    let has_upper_case = |name: &String| name.chars().any(char::is_uppercase);
    if table.keys().any(has_upper_case) && value_type::<C>(path) == Ok(ValueType::Map { ignores_case: true })
    {
        for (name, value) in std::mem::take(table) {
            if table.insert(name.to_lowercase(), value).is_some() {
                refuse(&[path.as_slice(), &[name]].concat());
            }
        }
    }
    for (key, value) in table {
        path.push(key.clone());
        fold_case::<C>(value, path, refuse);
        path.pop();
    }
}

fn fold_case<C: DeserializeOwned>(value: &mut Value, path: &mut KeyPath, refuse: &mut impl FnMut(&[String])) {
    match value {
        Value::Dict(_, table) => fold_case_in::<C>(table, path, refuse),
        Value::Array(_, items) => {
            for (index, item) in items.iter_mut().enumerate() {
                path.push(index.to_string());
                fold_case::<C>(item, path, refuse);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Describes a value that a key does not accept. Never quotes the value, which may be a secret;
/// types of values that are not secret do that themselves.
pub(super) fn kind_to_error(kind: Kind) -> ParseError {
    match kind {
        Kind::Message(message) => ParseError::from_serde(&message),
        Kind::InvalidType(actual, expected) | Kind::InvalidValue(actual, expected) => {
            // Serde describes a table by the name of its type.
            let expected = match expected.as_str() {
                "a map" => "a table",
                name if name.starts_with("struct ") => "a table",
                "a sequence" => "a list",
                other => other,
            };
            let error = ParseError::new(format!("expected {expected}, found {}", type_name(&actual)));
            match actual {
                Actual::Unsigned(_) | Actual::Signed(_) | Actual::Float(_)
                    if expected.starts_with("a duration") =>
                {
                    error.with_help(DURATION_HELP)
                }
                Actual::Str(_) if expected == "a list" => error.with_help("put it in brackets: [\"…\"]"),
                _ => error,
            }
        }
        other => ParseError::new(other.to_string()),
    }
}

fn type_name(actual: &Actual) -> &'static str {
    match actual {
        Actual::Bool(_) => "a boolean",
        Actual::Unsigned(_) | Actual::Signed(_) => "an integer",
        Actual::Float(_) => "a float",
        Actual::Str(_) | Actual::Char(_) => "a string",
        Actual::Seq => "a list",
        Actual::Map => "a table",
        _ => "something else",
    }
}
