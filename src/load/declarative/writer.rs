//! Collects the keys that a declarative file sets.

use std::path::Path;

use super::{
    fault::Fault,
    node::{Content, Node},
    written_keys::WrittenKeys,
};
use crate::{
    config::{
        key_path::{KeyPath, key_path},
        value::ParseError,
    },
    load::{
        value_tree::{Table, Value},
        values,
    },
};

/// The keys that a file sets, and the problems of their values.
pub(super) struct Writer {
    pub(super) values: Table,
    pub(super) written: WrittenKeys,
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Fault>,
}

impl Writer {
    pub(super) fn new(file: &Path) -> Self {
        Self {
            values: Table::new(),
            written: WrittenKeys::new(file),
            faults: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Sets a key that a node holds.
    pub(super) fn set(&mut self, key: &str, value: impl Into<Value>, node: &Node) {
        self.set_path(&key_path(key), value, node);
    }

    pub(super) fn set_path(&mut self, key: &[String], value: impl Into<Value>, node: &Node) {
        self.written.add(key, node);
        values::insert(&mut self.values, key, value.into());
    }

    /// Sets a key that no node holds: the schema has another default.
    pub(super) fn set_default(&mut self, key: &str, value: impl Into<Value>) {
        values::insert(&mut self.values, &key_path(key), value.into());
    }

    /// Sets a key to the scalar at `name` in `node`, if there is one.
    pub(super) fn copy(&mut self, key: &str, node: &Node, name: &str) {
        if let Some(value) = node.some(name)
            && let Some(scalar) = scalar(value)
        {
            self.set(key, scalar, value);
        }
    }

    /// Sets a duration of at least `least` milliseconds.
    pub(super) fn copy_millis(&mut self, key: &str, node: &Node, name: &str, least: i64) {
        if let Some(value) = node.some(name)
            && let Some(millis) = value.integer()
        {
            let millis = self.clamp(value, millis, least, i64::MAX, " ms");
            self.set(key, format!("{millis}ms"), value);
        }
    }

    /// Sets a number of at most `most`.
    pub(super) fn copy_at_most(&mut self, key: &str, node: &Node, name: &str, most: i64) {
        if let Some(value) = node.some(name)
            && let Some(number) = value.integer()
        {
            let number = self.clamp(value, number, 0, most, "");
            self.set(key, number, value);
        }
    }

    /// Returns the nearest number that is accepted.
    pub(super) fn clamp(&mut self, node: &Node, number: i64, least: i64, most: i64, unit: &str) -> i64 {
        let clamped = number.clamp(least, most);
        if clamped != number {
            self.warn(
                node,
                ParseError::new(format!("{number}{unit} is out of range, {clamped}{unit} is used")),
            );
        }
        clamped
    }

    pub(super) fn error(&mut self, node: &Node, message: impl Into<String>, help: &str) {
        self.faults.push(Fault::at(node, ParseError::new(message).with_help(help)));
    }

    pub(super) fn warn(&mut self, node: &Node, warning: ParseError) {
        self.warnings.push(if warning.blames_key {
            Fault::at_key(node, warning)
        } else {
            Fault::at(node, warning)
        });
    }
}

/// Returns the value of a scalar; `None` for null and collections.
pub(super) fn scalar(node: &Node) -> Option<Value> {
    Some(match &node.content {
        Content::Boolean(value) => (*value).into(),
        Content::Integer(value) => (*value).into(),
        Content::Float(value) => node.integer().map_or_else(|| (*value).into(), Value::from),
        Content::Text(text) => text.clone().into(),
        Content::Null | Content::Sequence(_) | Content::Mapping(_) | Content::Refused => return None,
    })
}

/// Returns the path of an entry of a list of tables.
pub(super) fn entry_path(list: &str, index: usize, key: &str) -> KeyPath {
    let mut path = key_path(list);
    path.push(index.to_string());
    if !key.is_empty() {
        path.extend(key_path(key));
    }
    path
}
