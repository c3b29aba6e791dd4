//! The positions of keys and values in the text of the file, located only when needed.

use std::collections::HashMap;

use toml::de::{DeTable, DeValue};

/// Selects one end of a `key = value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyOrValue {
    Key,
    Value,
}

/// The byte offsets of everything in a text.
pub(super) struct SpanIndex {
    /// Offsets of keys and values by path, in lower case: the names of headers lose their case when
    /// they are merged. The segment of an entry of a list is its index.
    offsets: HashMap<Vec<String>, (usize, usize)>,
    line_starts: Vec<usize>,
}

impl SpanIndex {
    /// Contains the keys of a text, and all its lines. Of two equal keys the first one counts.
    pub(super) fn new(text: &str) -> Self {
        let line_starts = [0].into_iter().chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut index = Self { offsets: HashMap::new(), line_starts };
        let (table, _) = DeTable::parse_recoverable(text);
        index.add_table(table.get_ref(), &mut Vec::new());
        index
    }

    fn add_table(&mut self, table: &DeTable<'_>, path: &mut Vec<String>) {
        for (key, value) in table {
            path.push(key.get_ref().to_lowercase());
            self.offsets.entry(path.clone()).or_insert((key.span().start, value.span().start));
            self.add_below(value.get_ref(), path);
            path.pop();
        }
    }

    fn add_below(&mut self, value: &DeValue<'_>, path: &mut Vec<String>) {
        match value {
            DeValue::Table(table) => self.add_table(table, path),
            DeValue::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    path.push(index.to_string());
                    let start = item.span().start;
                    self.offsets.entry(path.clone()).or_insert((start, start));
                    self.add_below(item.get_ref(), path);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    pub(super) fn holds(&self, path: &[String]) -> bool {
        self.offsets.contains_key(&lower_case(path))
    }

    /// Returns the byte offset of the key or value at `path`, or of the key of the nearest existing
    /// table above it.
    pub(super) fn offset(&self, path: &[String], part: KeyOrValue) -> usize {
        let path = lower_case(path);
        match (self.offsets.get(&path), part) {
            (Some((key, _)), KeyOrValue::Key) => *key,
            (Some((_, value)), KeyOrValue::Value) => *value,
            (None, _) => {
                let above = (1..path.len()).rev().find_map(|length| self.offsets.get(&path[..length]));
                above.map_or(0, |(key, _)| *key)
            }
        }
    }

    /// Returns line and column, both from 1, the column in characters.
    pub(super) fn line_and_column(&self, text: &str, offset: usize) -> (u32, u32) {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = self.line_starts[line - 1];
        let column = text.get(start..offset).map_or(0, |before| before.chars().count()) + 1;
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        (narrow(line), narrow(column))
    }
}

fn lower_case(path: &[String]) -> Vec<String> {
    path.iter().map(|segment| segment.to_lowercase()).collect()
}
