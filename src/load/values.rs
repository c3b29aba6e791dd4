//! Access to values by key path.
//!
//! Paths are lists of segments, since a key such as `deployment.region` contains a dot. A segment
//! may also be the index of an entry of a list.

use std::collections::HashSet;

use super::value_tree::{Table, Value};

/// Sets the value at `path` and creates the tables above it.
pub(super) fn insert(values: &mut Table, path: &[String], value: Value) {
    match path {
        [] => {}
        [last] => drop(values.insert(last.clone(), value)),
        [first, rest @ ..] => {
            let slot = values.entry(first.clone()).or_insert_with(|| Table::new().into());
            if !matches!(slot, Value::Table(_)) {
                *slot = Table::new().into();
            }
            if let Value::Table(inner) = slot {
                insert(inner, rest, value);
            }
        }
    }
}

/// Returns the value at `path`, or the scalar value above it.
pub(super) fn find<'v>(values: &'v Table, path: &[String]) -> Option<&'v Value> {
    let (first, rest) = path.split_first()?;
    let mut value = values.get(first)?;
    for segment in rest {
        value = match value {
            Value::Table(inner) => inner.get(segment)?,
            Value::List(items) => items.get(segment.parse::<usize>().ok()?)?,
            _ => return Some(value),
        };
    }
    Some(value)
}

/// Returns the length of the part of `path` in `value` that is a key. The rest leads into a list.
pub(super) fn key_length(mut value: &Value, path: &[String]) -> usize {
    for (length, segment) in path.iter().enumerate() {
        match value {
            Value::Table(table) => match table.get(segment) {
                Some(inner) => value = inner,
                None => return length + 1,
            },
            _ => return length,
        }
    }
    path.len()
}

fn table_in<'v>(items: &'v mut [Value], index: &str) -> Option<&'v mut Table> {
    match items.get_mut(index.parse::<usize>().ok()?)? {
        Value::Table(table) => Some(table),
        _ => None,
    }
}

/// Removes the value at `path`. For an entry of a list the whole list is removed, so that no index
/// changes.
pub(super) fn remove(values: &mut Table, path: &[String]) -> bool {
    match path {
        [] => false,
        [last] => values.remove(last).is_some(),
        [first, rest @ ..] => match (values.get_mut(first), rest) {
            (None, _) => false,
            (Some(Value::Table(inner)), _) => remove(inner, rest),
            (Some(Value::List(items)), [index, key @ ..]) if !key.is_empty() => {
                match table_in(items, index) {
                    Some(table) => remove(table, key),
                    None => values.remove(first).is_some(),
                }
            }
            (Some(_), _) => values.remove(first).is_some(),
        },
    }
}

/// Removes strings from the list at `path`, and the list with its last entry.
pub(super) fn remove_entries(values: &mut Table, path: &[String], entries: &HashSet<String>) -> bool {
    let Some((first, rest)) = path.split_first() else { return false };
    match values.get_mut(first) {
        Some(Value::Table(inner)) => remove_entries(inner, rest, entries),
        Some(Value::List(items)) => {
            let before = items.len();
            items.retain(|item| item.as_str().is_none_or(|item| !entries.contains(item)));
            let removed = items.len() < before;
            if items.is_empty() {
                values.remove(first);
            }
            removed
        }
        _ => false,
    }
}
