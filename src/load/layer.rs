//! The values of one source, checked on their own.

use serde::de::DeserializeOwned;

use super::{
    check::Checker,
    layer_source::LayerSource,
    parse::{enclosing_value, parse_as},
    value_tree::{Table, Value},
    value_type::ValueType,
    values,
    walk::{check_value, deserialize, value_type},
};
use crate::{
    config::{key_path::KeyPath, value::ParseError},
    error::Problem,
};

/// Values from one source.
#[derive(Clone)]
pub(super) struct Layer {
    pub(super) values: Table,
    pub(super) source: LayerSource,
}

impl Layer {
    /// Creates a layer that holds one value.
    pub(super) fn single(source: LayerSource, path: &[String], value: Value) -> Self {
        let mut values = Table::new();
        values::insert(&mut values, path, value);
        Self { values, source }
    }

    /// Creates a layer that holds one value, unless configuration `C` does not accept it.
    pub(super) fn checked<C: DeserializeOwned>(
        source: LayerSource,
        path: &[String],
        value: Value,
    ) -> Result<Self, Problem> {
        match check_value::<C>(path, &value) {
            Ok(()) => Ok(Self::single(source, path, value)),
            Err(refusal) => Err(source.refused(path, *refusal, &value)),
        }
    }

    /// Creates a layer of one value that is given as text. `reword` may improve the error of a text
    /// that cannot be read.
    pub(super) fn from_text<C: DeserializeOwned>(
        source: LayerSource,
        path: &[String],
        text: &str,
        reword: impl FnOnce(ParseError) -> ParseError,
    ) -> Result<Self, Problem> {
        let value = match enclosing_value::<C>(path) {
            Some(whole) => {
                let is_list = value_type::<C>(whole) != Ok(ValueType::TextOrTable);
                let part = if is_list { "is part of a list" } else { "cannot be set alone" };
                let help = format!("set `{}` as a whole", whole.join("."));
                Err(ParseError::of_key(part).with_help(help))
            }
            None => parse_as::<C>(path, text),
        };
        match value {
            Ok(value) => Self::checked::<C>(source, path, value),
            Err(error) => Err(source.problem(path, reword(error))),
        }
    }

    /// Removes every value that configuration `C` does not accept, and returns the problems. The
    /// remaining values deserialize.
    pub(super) fn check<C: DeserializeOwned>(&mut self) -> Vec<Problem> {
        // One pass is enough if nothing is wrong, as usual.
        if deserialize::<C>(&self.values).is_ok() {
            return Vec::new();
        }
        let mut problems = Vec::new();
        refuse_lists_in::<C>(&mut self.values, &mut KeyPath::new(), &mut |path| {
            problems.push(self.source.problem(path, ParseError::new("expected a table, found a list")));
        });
        problems.extend(Checker::<C>::new(&self.source).check(&mut self.values));
        problems
    }

    /// Converts names that ignore case to lower case, so that layers merge. Returns a problem for
    /// each name that is set twice.
    pub(super) fn fold_case<C: DeserializeOwned>(&mut self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if !has_upper_case_in(&self.values) {
            return problems;
        }
        fold_case_in::<C>(&mut self.values, &mut KeyPath::new(), &mut |path| {
            let error = ParseError::of_key("is set twice, with different capitalization");
            problems.push(self.source.problem(path, error));
        });
        problems
    }
}

/// Removes lists in the place of tables.
fn refuse_lists_in<C: DeserializeOwned>(
    table: &mut Table,
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
        Value::Table(table) => {
            refuse_lists_in::<C>(table, path, refuse);
            true
        }
        Value::List(_) if matches!(value_type::<C>(path), Ok(ValueType::Table | ValueType::Map { .. })) => {
            refuse(path);
            false
        }
        Value::List(items) => {
            let mut keep = true;
            for (index, item) in items.iter_mut().enumerate() {
                if matches!(item, Value::Table(_) | Value::List(_)) {
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

fn has_upper_case(name: &str) -> bool {
    name.chars().any(char::is_uppercase)
}

/// Returns whether the name of any entry, at any depth, contains upper case.
fn has_upper_case_in(table: &Table) -> bool {
    fn is_in(value: &Value) -> bool {
        match value {
            Value::Table(table) => has_upper_case_in(table),
            Value::List(items) => items.iter().any(is_in),
            _ => false,
        }
    }
    table.iter().any(|(name, value)| has_upper_case(name) || is_in(value))
}

fn fold_case_in<C: DeserializeOwned>(
    table: &mut Table,
    path: &mut KeyPath,
    refuse: &mut impl FnMut(&[String]),
) {
    if table.keys().any(|name| has_upper_case(name))
        && value_type::<C>(path) == Ok(ValueType::Map { ignores_case: true })
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
        Value::Table(table) => fold_case_in::<C>(table, path, refuse),
        Value::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                path.push(index.to_string());
                fold_case::<C>(item, path, refuse);
                path.pop();
            }
        }
        _ => {}
    }
}
