//! From a key path to the place in the file where it stands, after the fact.

use std::collections::HashMap;

use toml::de::{DeTable, DeValue};

/// Which end of a `key = value` is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyOrValue {
    Key,
    Value,
}

/// Where everything in a text stands.
pub(crate) struct SpanIndex {
    /// Byte offsets of keys and values by their paths, in lower case: names of headers lose their case on the way.
    offsets: HashMap<Vec<String>, (usize, usize)>,
    line_starts: Vec<usize>,
}

impl SpanIndex {
    /// Empty for a text that is no TOML, but for its lines.
    pub(crate) fn new(text: &str) -> Self {
        let line_starts = [0].into_iter().chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut places = Self { offsets: HashMap::new(), line_starts };
        if let Ok(table) = DeTable::parse(text) {
            places.note_table(table.get_ref(), &mut Vec::new());
        }
        places
    }

    fn note_table(&mut self, table: &DeTable<'_>, path: &mut Vec<String>) {
        for (key, value) in table {
            path.push(key.get_ref().to_lowercase());
            self.offsets.entry(path.clone()).or_insert((key.span().start, value.span().start));
            match value.get_ref() {
                DeValue::Table(table) => self.note_table(table, path),
                DeValue::Array(items) => {
                    for (index, item) in items.iter().enumerate() {
                        path.push(index.to_string());
                        self.offsets.insert(path.clone(), (item.span().start, item.span().start));
                        path.pop();
                    }
                }
                _ => {}
            }
            path.pop();
        }
    }

    /// The byte offset of what `path` names, or of the key of the nearest table above it that exists.
    pub(crate) fn offset(&self, path: &[String], part: KeyOrValue) -> usize {
        let path: Vec<String> = path.iter().map(|segment| segment.to_lowercase()).collect();
        match (self.offsets.get(&path), part) {
            (Some((key, _)), KeyOrValue::Key) => *key,
            (Some((_, value)), KeyOrValue::Value) => *value,
            (None, _) => {
                let above = (1..path.len()).rev().find_map(|length| self.offsets.get(&path[..length]));
                above.map_or(0, |(key, _)| *key)
            }
        }
    }

    /// Line and column, both from 1, the column in characters.
    pub(crate) fn line_and_column(&self, text: &str, offset: usize) -> (u32, u32) {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = self.line_starts[line - 1];
        let column = text.get(start..offset).map_or(0, |before| before.chars().count()) + 1;
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        (narrow(line), narrow(column))
    }
}
