//! Walks over the type of the configuration, so that no list of keys repeats it.
//!
//! A walk goes down one path of the type. At its end, it returns the type of the key, checks a
//! value, or deserializes one. A single deserializer does all this: each further one would compile
//! the code of all tables again.

use std::{collections::btree_map, slice};

use serde::{
    Deserializer,
    de::{self, DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Unexpected},
};

use super::{
    refusal::{Reason, Refusal},
    stop::Stop,
    value_tree::{Table, Value},
    value_type::ValueType,
    variant::{NO_KEYS, NamePlace, Variant, single_key},
};
use crate::config::value::{ParseError, newtype_name};

/// Returns the type of the value that configuration `C` holds at `path`.
pub(super) fn value_type<C: DeserializeOwned>(path: &[String]) -> Result<ValueType, ParseError> {
    match C::deserialize(Walk { path, end: End::Type }) {
        Err(Stop::Type(value_type)) => Ok(value_type),
        Err(Stop::Refused(refusal)) => Err(refusal.reason.into()),
        Ok(_) | Err(Stop::Accepted) => Err(ParseError::of_key(ParseError::UNKNOWN_KEY)),
    }
}

/// Checks that configuration `C` accepts `value` at `path`. The cost does not depend on the size of
/// other values.
pub(super) fn check_value<C: DeserializeOwned>(path: &[String], value: &Value) -> Result<(), Box<Refusal>> {
    match C::deserialize(Walk { path, end: End::Check(value) }) {
        Err(Stop::Refused(refusal)) => Err(refusal),
        _ => Ok(()),
    }
}

/// Deserializes a configuration `C`.
pub(super) fn deserialize<C: DeserializeOwned>(values: &Table) -> Result<C, Box<Refusal>> {
    C::deserialize(Walk { path: &[], end: End::Root(values) }).map_err(|stop| match stop {
        Stop::Refused(refusal) => refusal,
        // Not the end of this walk.
        Stop::Type(_) | Stop::Accepted => Box::new(Refusal::new(Reason::message("the walk ended"))),
    })
}

/// A deserializer that walks down one path of a type.
#[derive(Clone, Copy)]
struct Walk<'v> {
    path: &'v [String],
    end: End<'v>,
}

/// The purpose of a walk.
#[derive(Clone, Copy)]
enum End<'v> {
    Type,
    /// Deserializes the value, but nothing above it.
    Check(&'v Value),
    Value(&'v Value),
    Root(&'v Table),
}

impl<'v> Walk<'v> {
    const fn to(value: &'v Value) -> Self {
        Self { path: &[], end: End::Value(value) }
    }

    /// Splits the path into the next segment and the walk behind it.
    fn split(self) -> Option<(&'v str, Self)> {
        let (first, path) = self.path.split_first()?;
        Some((first, Self { path, ..self }))
    }

    /// Returns the value at the end of the walk, whose type is `value_type`.
    fn end_at(self, value_type: ValueType) -> Result<&'v Value, Stop> {
        match (self.path, self.end) {
            ([], End::Type) => Err(Stop::Type(value_type)),
            // Serde would accept the entries of a list as the fields of a table, by position.
            ([], End::Check(Value::List(_)) | End::Value(Value::List(_)))
                if value_type == ValueType::Table =>
            {
                Err(de::Error::invalid_type(Unexpected::Seq, &"a table"))
            }
            ([], End::Check(value) | End::Value(value)) => Ok(value),
            _ => {
                let error = ParseError::of_key(ParseError::UNKNOWN_KEY);
                Err(Reason::Value(error.with_help("the key above it is not a table")).into())
            }
        }
    }

    /// Ends the walk at a value of this type. The generic part is short, since it is compiled for
    /// each visitor.
    fn end<'de, V: de::Visitor<'de>>(self, value_type: ValueType, visitor: V) -> Result<V::Value, Stop> {
        let value = match self.end_at(value_type)? {
            Value::Boolean(value) => visitor.visit_bool(*value),
            Value::Integer(value) => visitor.visit_i64(*value),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::String(text) => visitor.visit_str(text),
            Value::List(items) => visitor.visit_seq(Items::Of(items.iter(), 0)),
            Value::Table(table) => visitor.visit_map(Entries::Of(table.iter(), None)),
        };
        self.finish(value)
    }

    /// Discards an accepted value that was only checked.
    fn finish<T>(self, value: Result<T, Stop>) -> Result<T, Stop> {
        match self.end {
            End::Check(_) => Err(value.err().unwrap_or(Stop::Accepted)),
            _ => value,
        }
    }

    /// Returns the entries of a table: the one on the way, or all at the end of the walk.
    ///
    /// `keys` are those of the table, if they are known.
    fn entries(
        self,
        value_type: ValueType,
        expected: &dyn de::Expected,
        keys: &'static [&'static str],
    ) -> Result<Entries<'v>, Stop> {
        if let Some((key, walk)) = self.split() {
            return Ok(Entries::At(key, walk));
        }
        if let End::Root(table) = self.end {
            return Ok(Entries::Of(table.iter(), None));
        }
        match self.end_at(value_type)? {
            Value::Table(table) => Ok(Entries::Of(table.iter(), None)),
            other => Err(Reason::no_table(unexpected(other), expected, keys).into()),
        }
    }
}

fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Boolean(value) => Unexpected::Bool(*value),
        Value::Integer(value) => Unexpected::Signed(*value),
        Value::Float(value) => Unexpected::Float(*value),
        Value::String(text) => Unexpected::Str(text),
        Value::List(_) => Unexpected::Seq,
        Value::Table(_) => Unexpected::Map,
    }
}

macro_rules! ends {
    ($($value_type:ident: $($method:ident)+;)+) => {
        $($(fn $method<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
            self.end(ValueType::$value_type, visitor)
        })+)+
    };
}

impl<'de> Deserializer<'de> for Walk<'_> {
    type Error = Stop;

    ends! {
        Boolean: deserialize_bool;
        Integer: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
                 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64;
        Float: deserialize_f32 deserialize_f64;
        // A value of any type, such as a resource attribute, is a text when it is given as one.
        Text: deserialize_any deserialize_char deserialize_str deserialize_string deserialize_bytes
              deserialize_byte_buf deserialize_identifier deserialize_ignored_any deserialize_unit;
    }

    fn deserialize_option<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: de::Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        match (self.path, self.end, name) {
            ([], End::Type, newtype_name::TEXT) => Err(Stop::Type(ValueType::Text)),
            ([], End::Type, newtype_name::SECRET) => Err(Stop::Type(ValueType::Secret)),
            ([], End::Type, newtype_name::PATH) => Err(Stop::Type(ValueType::Path)),
            ([], End::Type, newtype_name::CASELESS) => Err(Stop::Type(ValueType::CaselessText)),
            ([], End::Type, newtype_name::TEXT_OR_TABLE) => Err(Stop::Type(ValueType::TextOrTable)),
            (
                [],
                End::Check(Value::String(text)) | End::Value(Value::String(text)),
                newtype_name::TEXT_OR_TABLE,
            ) => self.finish(visitor.visit_str(text)),
            (
                [],
                End::Check(Value::Integer(_) | Value::Float(_))
                | End::Value(Value::Integer(_) | Value::Float(_)),
                newtype_name::TEXT_OR_TABLE,
            ) => self.end(ValueType::TextOrTable, visitor),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_map<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        let is_type = self.path.is_empty() && matches!(self.end, End::Type);
        let entries = if is_type {
            Entries::KeyType
        } else {
            self.entries(ValueType::Map { ignores_case: false }, &visitor, &[])?
        };
        let value = self.finish(visitor.visit_map(entries));
        if is_type {
            let ignores_case = matches!(value, Err(Stop::Type(ValueType::CaselessText)));
            return Err(Stop::Type(ValueType::Map { ignores_case }));
        }
        value
    }

    /// Calls one method of the visitor. A method for lists would also be compiled for each table.
    fn deserialize_struct<V: de::Visitor<'de>>(
        self,
        _: &'static str,
        keys: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        let entries = self.entries(ValueType::Table, &visitor, keys)?;
        self.finish(visitor.visit_map(entries))
    }

    fn deserialize_seq<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match (self.split(), self.end) {
            (Some((index, walk)), _) if index.parse::<usize>().is_ok() => visitor.visit_seq(Items::Any(walk)),
            (None, End::Type) => Err(Stop::Type(match visitor.visit_seq(Items::Any(self)) {
                Err(Stop::Type(ValueType::Table)) => ValueType::TableList,
                _ => ValueType::List,
            })),
            _ => self.end(ValueType::List, visitor),
        }
    }

    fn deserialize_unit_struct<V: de::Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.end(ValueType::Text, visitor)
    }

    fn deserialize_tuple<V: de::Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Stop> {
        self.end(ValueType::List, visitor)
    }

    fn deserialize_tuple_struct<V: de::Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.end(ValueType::List, visitor)
    }

    fn deserialize_enum<V: de::Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        let variant = match self.split() {
            Some((name, content)) => Variant { name, content, place: NamePlace::Path },
            None => match self.end_at(ValueType::TextOrTable)? {
                // The same as a table without keys.
                Value::String(name) => Variant { name, content: Walk::to(&NO_KEYS), place: NamePlace::Text },
                Value::Table(table) => {
                    let (name, value) = single_key(table, variants)?;
                    Variant { name, content: Walk::to(value), place: NamePlace::Key }
                }
                other => return Err(Reason::no_variant(unexpected(other), variants).into()),
            },
        };
        self.finish(visitor.visit_enum(variant))
    }
}

/// The entries of a table or map.
enum Entries<'v> {
    /// The only one on the way of a walk.
    At(&'v str, Walk<'v>),
    /// The type of the keys of a map, for a walk that ends there.
    KeyType,
    /// All entries, and the one whose value is next.
    Of(btree_map::Iter<'v, String, Value>, Option<(&'v str, &'v Value)>),
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Stop> {
        let text = |text| -> de::value::StrDeserializer<'_, Stop> { de::value::StrDeserializer::new(text) };
        match self {
            Self::At(key, _) => seed.deserialize(text(key)).map(Some),
            Self::KeyType => seed.deserialize(Walk { path: &[], end: End::Type }).map(Some),
            Self::Of(entries, current) => {
                let Some((key, value)) = entries.next() else { return Ok(None) };
                *current = Some((key, value));
                seed.deserialize(text(key)).map(Some).map_err(|stop| stop.below(key))
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Stop> {
        match self {
            Self::At(_, walk) => seed.deserialize(*walk),
            Self::KeyType => seed.deserialize(Walk { path: &[], end: End::Type }),
            Self::Of(_, current) => match current.take() {
                Some((key, value)) => seed.deserialize(Walk::to(value)).map_err(|stop| stop.below(key)),
                None => Err(de::Error::custom("a value without its key")),
            },
        }
    }
}

/// The entries of a list.
enum Items<'v> {
    /// Any one, on the way of a walk.
    Any(Walk<'v>),
    /// All entries, and the index of the next one.
    Of(slice::Iter<'v, Value>, usize),
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Stop;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Stop> {
        match self {
            Self::Any(walk) => seed.deserialize(*walk).map(Some),
            Self::Of(items, index) => {
                let Some(item) = items.next() else { return Ok(None) };
                let item = seed.deserialize(Walk::to(item)).map_err(|stop| stop.below(*index))?;
                *index += 1;
                Ok(Some(item))
            }
        }
    }

    fn size_hint(&self) -> Option<usize> {
        match self {
            Self::Any(_) => None,
            Self::Of(items, _) => Some(items.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, key_path::key_path};

    /// Returns the path and the message of a refused value.
    fn refused(key: &str, value: impl Into<Value>) -> Option<(String, String)> {
        let refusal = check_value::<Config>(&key_path(key), &value.into()).err()?;
        Some((refusal.path.join("."), ParseError::from(refusal.reason).message))
    }

    fn table<const N: usize>(entries: [(&str, Value); N]) -> Table {
        entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }

    #[test]
    fn list_in_the_place_of_a_table_is_refused() {
        let message = "expected a table, found a list".to_owned();
        assert_eq!(refused("traces.batch", vec![1_i64]), Some((String::new(), message.clone())));
        assert_eq!(
            refused("traces", table([("batch", vec![1_i64].into())])),
            Some(("batch".into(), message))
        );
    }

    #[test]
    fn refusal_has_the_path_below_the_value() {
        let (path, message) = refused("propagators", vec!["baggage", "b4"]).unwrap();
        assert_eq!(path, "1");
        assert!(message.starts_with("\"b4\" is not one of"), "{message}");
        let (path, message) = refused("traces", table([("sampler_argg", 1_i64.into())])).unwrap();
        assert_eq!((path.as_str(), message.as_str()), ("sampler_argg", "unknown key"));
    }

    #[test]
    fn configuration_is_read_from_all_types_of_values() {
        let batch = table([("max_queue_size", 80_i64.into())]);
        let traces =
            [("sampler_arg", 0.5.into()), ("exporters", vec!["otlp"].into()), ("batch", batch.into())];
        let values = table([("disabled", true.into()), ("traces", table(traces).into())]);
        let Config { disabled, traces, .. } = deserialize(&values).unwrap();
        assert!(disabled && traces.sampler_arg.is_some() && traces.exporters.is_some());
        assert_eq!(traces.batch.max_queue_size.get(), 80);
    }
}
