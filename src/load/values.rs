//! Access to values by key path.
//!
//! Paths are lists of segments, since a key such as `deployment.region` contains a dot. A segment
//! may also be the index of an entry of a list.

use figment::value::{Dict, Value};

/// Sets the value at `path` and creates the tables above it.
pub(super) fn insert(values: &mut Dict, path: &[String], value: Value) {
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

/// Returns the value at `path`, or the scalar value above it.
pub(super) fn find<'v>(values: &'v Dict, path: &[String]) -> Option<&'v Value> {
    let (first, rest) = path.split_first()?;
    let mut value = values.get(first)?;
    for segment in rest {
        value = match value {
            Value::Dict(_, inner) => inner.get(segment)?,
            Value::Array(_, items) => items.get(segment.parse::<usize>().ok()?)?,
            _ => return Some(value),
        };
    }
    Some(value)
}

/// Returns the part of `path` that is a key: the path without trailing indices of list entries.
pub(super) fn key_of<'p>(values: &Dict, path: &'p [String]) -> &'p [String] {
    let is_entry = |path: &[String]| matches!(find(values, &path[..path.len() - 1]), Some(Value::Array(..)));
    let mut key = path;
    while key.len() > 1 && is_entry(key) {
        key = &key[..key.len() - 1];
    }
    key
}

/// Returns the table at `path`.
pub(super) fn table_mut<'v>(values: &'v mut Dict, path: &[String]) -> Option<&'v mut Dict> {
    match path {
        [] => Some(values),
        [first, rest @ ..] => match values.get_mut(first)? {
            Value::Dict(_, inner) => table_mut(inner, rest),
            Value::Array(_, items) => {
                let (index, rest) = rest.split_first()?;
                table_mut(table_in(items, index)?, rest)
            }
            _ => None,
        },
    }
}

fn table_in<'v>(items: &'v mut [Value], index: &str) -> Option<&'v mut Dict> {
    match items.get_mut(index.parse::<usize>().ok()?)? {
        Value::Dict(_, table) => Some(table),
        _ => None,
    }
}

/// Removes the value at `path`. For an entry of a list the whole list is removed, so that no index
/// changes.
pub(super) fn remove(values: &mut Dict, path: &[String]) -> bool {
    match path {
        [] => false,
        [last] => values.remove(last).is_some(),
        [first, rest @ ..] => match (values.get_mut(first), rest) {
            (None, _) => false,
            (Some(Value::Dict(_, inner)), _) => remove(inner, rest),
            (Some(Value::Array(_, items)), [index, key @ ..]) if !key.is_empty() => {
                match table_in(items, index) {
                    Some(table) => remove(table, key),
                    None => values.remove(first).is_some(),
                }
            }
            (Some(_), _) => values.remove(first).is_some(),
        },
    }
}

/// Removes one string from the list at `path`, and the list with its last entry.
pub(super) fn remove_entry(values: &mut Dict, path: &[String], entry: &str) -> bool {
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
