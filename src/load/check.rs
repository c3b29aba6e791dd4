//! Checks values against the type of the configuration.
//!
//! [`check_value`] walks to one value, so its cost does not depend on the size of the others.

use std::{fmt, marker::PhantomData};

use figment::{
    Error,
    error::Kind,
    value::{Dict, Value},
};
use serde::{
    Deserializer,
    de::{self, DeserializeOwned},
};

use super::{
    layer_source::LayerSource,
    type_walk::{Element, Entry},
    value_type::{ValueType, value_type},
};
use crate::{
    config::{key_path::KeyPath, value::ParseError},
    error::Problem,
};

/// Checks that configuration `C` accepts `value` at `path`.
pub(super) fn check_value<C: DeserializeOwned>(path: &[String], value: &Value) -> Result<(), Box<Error>> {
    match C::deserialize(ValueAt { path, value }) {
        Ok(_) | Err(Checked::Accepted) => Ok(()),
        Err(Checked::Refused(error)) => Err(error),
    }
}

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
    pub(super) fn check(mut self, values: &mut Dict) -> Vec<Problem> {
        self.table(values, &mut KeyPath::new());
        self.problems
    }

    fn table(&mut self, table: &mut Dict, path: &mut KeyPath) {
        table.retain(|key, value| {
            path.push(key.clone());
            let is_accepted = self.value(value, path);
            path.pop();
            is_accepted
        });
    }

    fn value(&mut self, value: &mut Value, path: &mut KeyPath) -> bool {
        match (value_type::<C>(path), &mut *value) {
            (Ok(ValueType::Table | ValueType::Map { .. }), Value::Dict(_, table)) => {
                self.table(table, path);
                return true;
            }
            (Ok(ValueType::TableList), Value::Array(_, tables)) => {
                let is_table = |table: &Value| matches!(table, Value::Dict(..));
                if tables.iter().all(is_table) {
                    return self.tables(tables, path);
                }
            }
            _ => {}
        }
        match check_value::<C>(path, value) {
            Ok(()) => true,
            Err(error) => {
                self.problems.push(self.source.refused(path, error, value));
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
            if let Value::Dict(_, table) = table {
                self.table(table, path);
            }
            if let Err(error) = check_value::<C>(path, table) {
                are_complete = false;
                match &error.kind {
                    // A value that was refused is not missing.
                    Kind::MissingField(key)
                        if self.source.holds(&[path.as_slice(), &[key.to_string()]].concat()) => {}
                    _ => self.problems.push(self.source.refused(path, error, table)),
                }
            }
            path.pop();
        }
        are_complete
    }
}

/// A deserializer that walks down one path of a type and then deserializes a value.
#[derive(Clone, Copy)]
struct ValueAt<'p> {
    path: &'p [String],
    value: &'p Value,
}

/// The end of a walk. It travels as an error, so that no type above the value is completed.
#[derive(Debug)]
enum Checked {
    Accepted,
    Refused(Box<Error>),
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the walk ended")
    }
}

impl std::error::Error for Checked {}

impl de::Error for Checked {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Refused(Box::new(Error::from(message.to_string())))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::Refused(Box::new(de::Error::unknown_field(field, expected)))
    }
}

impl<'p> ValueAt<'p> {
    /// Ends the walk with the result of `deserialize`, or refuses a path that does not end here.
    fn end<T>(self, deserialize: impl FnOnce(&'p Value) -> Result<T, Box<Error>>) -> Result<T, Checked> {
        if !self.path.is_empty() {
            let error =
                ParseError::of_key(ParseError::UNKNOWN_KEY).with_help("the key above it is not a table");
            return Err(de::Error::custom(error));
        }
        Err(match deserialize(self.value) {
            Ok(_) => Checked::Accepted,
            Err(error) => Checked::Refused(error),
        })
    }

    /// Splits the path into the next segment and the walk behind it.
    fn split(self) -> Option<(&'p str, Self)> {
        let (first, path) = self.path.split_first()?;
        Some((first, Self { path, ..self }))
    }
}

impl<'de> Deserializer<'de> for ValueAt<'_> {
    type Error = Checked;

    fn deserialize_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Checked> {
        self.end(|value| value.deserialize_any(visitor).map_err(Box::new))
    }

    fn deserialize_option<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Checked> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: de::Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Checked> {
        match self.path {
            [] => self.end(|value| value.deserialize_newtype_struct(name, visitor).map_err(Box::new)),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_map<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Checked> {
        match self.split() {
            Some((key, value)) => visitor.visit_map(Entry { key, value }),
            None => self.end(|value| value.deserialize_map(visitor).map_err(Box::new)),
        }
    }

    fn deserialize_struct<V: de::Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Checked> {
        match self.split() {
            Some((key, value)) => visitor.visit_map(Entry { key, value }),
            None => self.end(|value| value.deserialize_struct(name, fields, visitor).map_err(Box::new)),
        }
    }

    fn deserialize_seq<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Checked> {
        match self.split() {
            Some((_, element)) => visitor.visit_seq(Element(element)),
            None => self.end(|value| value.deserialize_seq(visitor).map_err(Box::new)),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct
        tuple tuple_struct enum identifier ignored_any
    }
}
