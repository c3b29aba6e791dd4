//! Removes the values of a layer that the type of the configuration does not accept.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use super::{
    layer_source::LayerSource,
    refusal::Reason,
    value_tree::{Table, Value},
    value_type::ValueType,
    walk::{check_value, value_type},
};
use crate::{config::key_path::KeyPath, error::Problem};

/// Removes the values of one layer that configuration `C` does not accept.
pub(super) struct Checker<'a, C> {
    source: &'a LayerSource,
    problems: Vec<Problem>,
    config: PhantomData<C>,
}

impl<'a, C: DeserializeOwned> Checker<'a, C> {
    pub(super) fn new(source: &'a LayerSource) -> Self {
        Self { source, problems: Vec::new(), config: PhantomData }
    }

    /// Removes the values that are not accepted, and returns their problems.
    pub(super) fn check(mut self, values: &mut Table) -> Vec<Problem> {
        self.table(values, &mut KeyPath::new());
        self.problems
    }

    fn table(&mut self, table: &mut Table, path: &mut KeyPath) {
        table.retain(|key, value| {
            path.push(key.clone());
            let is_accepted = self.value(value, path);
            path.pop();
            is_accepted
        });
    }

    fn value(&mut self, value: &mut Value, path: &mut KeyPath) -> bool {
        match (value_type::<C>(path), &mut *value) {
            (Ok(ValueType::Table | ValueType::Map { .. }), Value::Table(table)) => {
                self.table(table, path);
                return true;
            }
            (Ok(ValueType::TableList), Value::List(tables)) => {
                let is_table = |table: &Value| matches!(table, Value::Table(_));
                if tables.iter().all(is_table) {
                    return self.tables(tables, path);
                }
            }
            // Refused as a whole, since the rest would have another meaning.
            (Ok(ValueType::TextOrTable), Value::Table(table)) => {
                let before = self.problems.len();
                self.table(table, path);
                if self.problems.len() > before {
                    return false;
                }
            }
            _ => {}
        }
        match check_value::<C>(path, value) {
            Ok(()) => true,
            Err(refusal) => {
                self.problems.push(self.source.refused(path, *refusal, value));
                false
            }
        }
    }

    /// Returns `false` if a table lacks a key. The list is then removed as a whole, so that no
    /// index changes.
    fn tables(&mut self, tables: &mut [Value], path: &mut KeyPath) -> bool {
        let mut are_complete = true;
        for (index, table) in tables.iter_mut().enumerate() {
            path.push(index.to_string());
            if let Value::Table(table) = table {
                self.table(table, path);
            }
            if let Err(refusal) = check_value::<C>(path, table) {
                are_complete = false;
                match &refusal.reason {
                    // A value that was refused is not missing.
                    Reason::MissingKey(key)
                        if self.source.holds(&[path, &*refusal.path, &[(*key).to_owned()]].concat()) => {}
                    _ => self.problems.push(self.source.refused(path, *refusal, table)),
                }
            }
            path.pop();
        }
        are_complete
    }
}
