//! From a key path to the place in the file where it stands, after the fact.

use toml::de::{DeTable, DeValue};

/// Which end of a `key = value` is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Key,
    Value,
}

/// The byte offset of what `path` names, or of the nearest table above it that exists.
pub(crate) fn offset(table: &DeTable<'_>, path: &[String], part: Part) -> Option<usize> {
    let (first, rest) = path.split_first()?;
    // Names of headers lose their case on the way.
    let (key, value) = table
        .iter()
        .find(|(key, _)| key.get_ref() == first)
        .or_else(|| table.iter().find(|(key, _)| key.get_ref().eq_ignore_ascii_case(first)))?;
    if rest.is_empty() {
        return Some(if part == Part::Key { key.span().start } else { value.span().start });
    }
    let deeper = match value.get_ref() {
        DeValue::Table(table) => offset(table, rest, part),
        DeValue::Array(items) => {
            rest[0].parse::<usize>().ok().and_then(|index| items.get(index)).map(|item| item.span().start)
        }
        _ => None,
    };
    Some(deeper.unwrap_or_else(|| key.span().start))
}

/// Line and column, both from 1, the column in characters.
pub(crate) fn line_and_column(text: &str, offset: usize) -> (u32, u32) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let from_one = |count: usize| u32::try_from(count).map_or(u32::MAX, |count| count.saturating_add(1));
    (from_one(before.matches('\n').count()), from_one(before[line_start..].chars().count()))
}
