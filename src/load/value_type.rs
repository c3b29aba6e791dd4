//! What a key holds, found by asking its type, and the conversion of a text to that.
//!
//! Variables and calls give texts, the file gives typed values. [`parse_as`] turns the first into the second, so that
//! everything behind it sees typed values only.

use std::{cell::Cell, fmt};

use figment::value::{Dict, Value};
use serde::{Deserialize, Deserializer, de};

use crate::config::{Config, value::ParseError};

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueType {
    Table,
    Map,
    List,
    Boolean,
    Integer,
    Float,
    Text,
}

/// What the configuration holds at `path`.
pub(crate) fn kind_of(path: &[String]) -> Result<ValueType, ParseError> {
    let found = Cell::new(None);
    match Config::deserialize(TypeWalker { path, found: &found }) {
        Err(Found(Some(rejection))) => Err(rejection),
        _ => found.get().ok_or_else(|| ParseError::of_key("unknown key")),
    }
}

/// Reads `text` as the kind of value that `path` holds: lists are separated by commas, maps are `k=v,k2=v2`.
pub(crate) fn parse_as(path: &[String], text: &str) -> Result<Value, ParseError> {
    let items = || text.split(',').map(str::trim).filter(|item| !item.is_empty());
    Ok(match kind_of(path)? {
        ValueType::Table => {
            return Err(ParseError::new("is a table").with_help("set one of its keys instead"));
        }
        ValueType::Map => items()
            .map(|item| match item.split_once('=') {
                Some((key, value)) if !key.trim().is_empty() => {
                    Ok((key.trim().to_owned(), Value::from(value.trim().to_owned())))
                }
                // The item may be half of a secret.
                _ => Err(ParseError::new("an entry is not of the form `key=value`").with_help(
                    "write `key=value,key2=value2`; the entry is not shown because it may be a secret",
                )),
            })
            .collect::<Result<Dict, _>>()?
            .into(),
        ValueType::List => items().map(str::to_owned).map(Value::from).collect::<Vec<_>>().into(),
        ValueType::Boolean => match text {
            "true" => true.into(),
            "false" => false.into(),
            _ => return Err(ParseError::not_one_of(text, &["true", "false"])),
        },
        ValueType::Integer => {
            let number = text.parse::<i64>();
            number.map_err(|_| ParseError::new(format!("{text:?} is not a whole number")))?.into()
        }
        ValueType::Float => {
            let number = text.parse::<f64>();
            number.map_err(|_| ParseError::new(format!("{text:?} is not a number")))?.into()
        }
        ValueType::Text => text.to_owned().into(),
    })
}

/// A deserializer that walks down one path of the type, notes what is asked for at its end, and stops.
struct TypeWalker<'p> {
    path: &'p [String],
    found: &'p Cell<Option<ValueType>>,
}

/// Ends the walk: with `None` because the end was reached, or with what is wrong about the path.
#[derive(Debug)]
struct Found(Option<ParseError>);

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the walk ended")
    }
}

impl std::error::Error for Found {}

impl de::Error for Found {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(Some(ParseError::from_serde(&message.to_string())))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self(Some(ParseError::unknown_key(field, expected)))
    }
}

impl TypeWalker<'_> {
    fn leaf<T>(&self, kind: ValueType) -> Result<T, Found> {
        if self.path.is_empty() {
            self.found.set(Some(kind));
            Err(Found(None))
        } else {
            Err(Found(Some(ParseError::of_key("unknown key").with_help("the key above it is not a table"))))
        }
    }

    fn descend<'de, V: de::Visitor<'de>>(self, kind: ValueType, visitor: V) -> Result<V::Value, Found> {
        if self.path.is_empty() { self.leaf(kind) } else { visitor.visit_map(self) }
    }
}

impl<'de> de::MapAccess<'de> for TypeWalker<'_> {
    type Error = Found;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Found> {
        seed.deserialize(de::value::StrDeserializer::new(&self.path[0])).map(Some)
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Found> {
        seed.deserialize(TypeWalker { path: &self.path[1..], found: self.found })
    }
}

macro_rules! leaves {
    ($($kind:ident: $($method:ident)+;)+) => {
        $($(fn $method<V: de::Visitor<'de>>(self, _: V) -> Result<V::Value, Found> {
            self.leaf(ValueType::$kind)
        })+)+
    };
}

impl<'de> Deserializer<'de> for TypeWalker<'_> {
    type Error = Found;

    leaves! {
        Boolean: deserialize_bool;
        Integer: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
                 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64;
        Float: deserialize_f32 deserialize_f64;
        // A value of any kind, such as a resource attribute, is a text when it is given as one.
        Text: deserialize_any deserialize_char deserialize_str deserialize_string deserialize_bytes
              deserialize_byte_buf deserialize_identifier deserialize_ignored_any deserialize_unit;
        List: deserialize_seq;
    }

    fn deserialize_option<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: de::Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Found> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_map<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        self.descend(ValueType::Map, visitor)
    }

    fn deserialize_struct<V: de::Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Found> {
        self.descend(ValueType::Table, visitor)
    }

    fn deserialize_unit_struct<V: de::Visitor<'de>>(self, _: &'static str, _: V) -> Result<V::Value, Found> {
        self.leaf(ValueType::Text)
    }

    fn deserialize_tuple<V: de::Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Found> {
        self.leaf(ValueType::List)
    }

    fn deserialize_tuple_struct<V: de::Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        _: V,
    ) -> Result<V::Value, Found> {
        self.leaf(ValueType::List)
    }

    fn deserialize_enum<V: de::Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Found> {
        self.leaf(ValueType::Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::key_path::key_path;

    fn kind(path: &str) -> Option<ValueType> {
        kind_of(&key_path(path)).ok()
    }

    #[test]
    fn asks_the_types() {
        assert_eq!(kind("disabled"), Some(ValueType::Boolean));
        assert_eq!(kind("traces"), Some(ValueType::Table));
        assert_eq!(kind("traces.sampler_arg"), Some(ValueType::Float));
        assert_eq!(kind("traces.exporters"), Some(ValueType::List));
        assert_eq!(kind("traces.batch.max_queue_size"), Some(ValueType::Integer));
        assert_eq!(kind("logs.batch.schedule_delay"), Some(ValueType::Text));
        assert_eq!(kind("otlp.metrics.headers"), Some(ValueType::Map));
        assert_eq!(kind("exporters.vendor.endpoint"), Some(ValueType::Text));
        assert_eq!(kind("resource.attributes.team"), Some(ValueType::Text));
    }

    #[test]
    fn proposes_the_key_that_was_meant() {
        let rejection = kind_of(&key_path("otlp.endpiont")).unwrap_err();
        assert_eq!(rejection.help.as_deref(), Some("did you mean `endpoint`?"));
        assert!(kind_of(&key_path("traces.sampler.x")).is_err());
    }
}
