//! The type of the value that a key holds, and the conversion of a text to it.
//!
//! Variables and code provide text; the file provides typed values. [`parse_as`] converts text to
//! typed values, so that all other code sees only typed values. The types are found by walking over
//! the type of the configuration, so no list of keys repeats them.

use std::fmt;

use figment::value::{Dict, Value};
use serde::{
    Deserializer,
    de::{self, DeserializeOwned},
};

use super::type_walk::{Element, Entry};
use crate::config::value::{ParseError, newtype_name, number::parse_integer};

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueType {
    Table,
    /// A table whose entries can have any name.
    Map {
        /// Their names are the same in upper and lower case.
        ignores_case: bool,
    },
    List,
    /// A list whose entries are tables.
    TableList,
    Boolean,
    Integer,
    Float,
    Text,
    /// A text that is never printed and that `{ file = "…" }` may replace.
    Secret,
    /// The path of a file, relative to the file that names it.
    Path,
    /// A name that is the same in upper and lower case.
    CaselessText,
}

/// Returns the type of the value that configuration `C` holds at `path`.
pub(crate) fn value_type<C: DeserializeOwned>(path: &[String]) -> Result<ValueType, ParseError> {
    match C::deserialize(TypeWalker { path }) {
        Err(Found::Type(value_type)) => Ok(value_type),
        Err(Found::Refused(error)) => Err(error),
        Ok(_) => Err(ParseError::of_key(ParseError::UNKNOWN_KEY)),
    }
}

/// Returns the path of the list that contains `path`, if there is one.
pub(crate) fn enclosing_list<C: DeserializeOwned>(path: &[String]) -> Option<&[String]> {
    let is_list =
        |path: &&[String]| matches!(value_type::<C>(path), Ok(ValueType::List | ValueType::TableList));
    (1..path.len()).map(|length| &path[..length]).find(is_list)
}

/// Reads `text` as the type of value that `C` holds at `path`: lists are separated by commas, maps
/// are `k=v,k2=v2`.
pub(crate) fn parse_as<C: DeserializeOwned>(path: &[String], text: &str) -> Result<Value, ParseError> {
    let items = || text.split(',').map(str::trim).filter(|item| !item.is_empty());
    Ok(match value_type::<C>(path)? {
        ValueType::Table => {
            return Err(ParseError::new("is a table").with_help("set one of its keys instead"));
        }
        ValueType::TableList => {
            return Err(ParseError::new("is a list of tables").with_help("set it in the file"));
        }
        ValueType::Map { .. } => items()
            .map(|item| match item.split_once('=') {
                Some((key, value)) if !key.trim().is_empty() => {
                    Ok((key.trim().to_owned(), Value::from(value.trim().to_owned())))
                }
                // The item may be a part of a secret.
                _ => Err(ParseError::new("an entry does not have the form `key=value`").with_help(
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
            let refused = || ParseError::new(format!("{text:?} is not an integer"));
            parse_integer(text).ok_or_else(refused)?.into()
        }
        ValueType::Float => {
            let number = text.parse::<f64>();
            number.map_err(|_| ParseError::new(format!("{text:?} is not a number")))?.into()
        }
        ValueType::Text | ValueType::Secret | ValueType::Path | ValueType::CaselessText => {
            text.to_owned().into()
        }
    })
}

/// A deserializer that walks down one path of a type and stops at its end.
#[derive(Clone, Copy)]
struct TypeWalker<'p> {
    path: &'p [String],
}

/// The end of a walk. It travels as an error, so that every visitor on the way passes it on.
#[derive(Debug)]
enum Found {
    Type(ValueType),
    /// The path does not exist.
    Refused(ParseError),
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the walk ended")
    }
}

impl std::error::Error for Found {}

impl de::Error for Found {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Refused(ParseError::from_serde(&message.to_string()))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::Refused(ParseError::unknown_key(field, expected))
    }
}

impl<'p> TypeWalker<'p> {
    fn leaf<T>(self, value_type: ValueType) -> Result<T, Found> {
        Err(if self.path.is_empty() {
            Found::Type(value_type)
        } else {
            Found::Refused(
                ParseError::of_key(ParseError::UNKNOWN_KEY).with_help("the key above it is not a table"),
            )
        })
    }

    /// Splits the path into the next segment and a walker behind it.
    fn split(self) -> Option<(&'p str, Self)> {
        let (first, rest) = self.path.split_first()?;
        Some((first, Self { path: rest }))
    }
}

/// Ends the walk at the type of the keys of a map.
struct KeyType;

impl<'de> de::MapAccess<'de> for KeyType {
    type Error = Found;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Found> {
        seed.deserialize(TypeWalker { path: &[] }).map(Some)
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Found> {
        seed.deserialize(TypeWalker { path: &[] })
    }
}

macro_rules! leaves {
    ($($value_type:ident: $($method:ident)+;)+) => {
        $($(fn $method<V: de::Visitor<'de>>(self, _: V) -> Result<V::Value, Found> {
            self.leaf(ValueType::$value_type)
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
        // A value of any type, such as a resource attribute, is a text when it is given as one.
        Text: deserialize_any deserialize_char deserialize_str deserialize_string deserialize_bytes
              deserialize_byte_buf deserialize_identifier deserialize_ignored_any deserialize_unit;
    }

    fn deserialize_option<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: de::Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Found> {
        match name {
            newtype_name::TEXT => self.leaf(ValueType::Text),
            newtype_name::SECRET => self.leaf(ValueType::Secret),
            newtype_name::PATH => self.leaf(ValueType::Path),
            newtype_name::CASELESS => self.leaf(ValueType::CaselessText),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_map<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        match self.split() {
            Some((key, value)) => visitor.visit_map(Entry { key, value }),
            None => {
                let key_type = visitor.visit_map(KeyType);
                let ignores_case = matches!(key_type, Err(Found::Type(ValueType::CaselessText)));
                self.leaf(ValueType::Map { ignores_case })
            }
        }
    }

    fn deserialize_struct<V: de::Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Found> {
        match self.split() {
            Some((key, value)) => visitor.visit_map(Entry { key, value }),
            None => self.leaf(ValueType::Table),
        }
    }

    fn deserialize_seq<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        match self.split() {
            Some((index, element)) if index.parse::<usize>().is_ok() => visitor.visit_seq(Element(element)),
            Some(_) => self.leaf(ValueType::List),
            None => match visitor.visit_seq(Element(self)) {
                Err(Found::Type(ValueType::Table)) => self.leaf(ValueType::TableList),
                _ => self.leaf(ValueType::List),
            },
        }
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
    use crate::config::{Config, key_path::key_path};

    fn of(path: &str) -> Option<ValueType> {
        value_type::<Config>(&key_path(path)).ok()
    }

    #[test]
    fn types_of_keys_are_found() {
        assert_eq!(of("disabled"), Some(ValueType::Boolean));
        assert_eq!(of("traces"), Some(ValueType::Table));
        assert_eq!(of("traces.sampler_arg"), Some(ValueType::Float));
        assert_eq!(of("traces.exporters"), Some(ValueType::List));
        assert_eq!(of("traces.batch.max_queue_size"), Some(ValueType::Integer));
        assert_eq!(of("logs.batch.schedule_delay"), Some(ValueType::Text));
        assert_eq!(of("exporters"), Some(ValueType::Map { ignores_case: false }));
        assert_eq!(of("exporters.vendor.endpoint"), Some(ValueType::Text));
        assert_eq!(of("resource.attributes.team"), Some(ValueType::Text));
    }

    #[test]
    fn secrets_paths_and_caseless_names_are_found() {
        assert_eq!(of("otlp.metrics.headers"), Some(ValueType::Map { ignores_case: true }));
        assert_eq!(of("exporters.vendor.headers.authorization"), Some(ValueType::Secret));
        assert_eq!(of("otlp.logs.tls.key_file"), Some(ValueType::Path));
        assert_eq!(of("file.directory"), Some(ValueType::Text));
    }

    #[test]
    fn unknown_key_gets_a_proposal() {
        let error = value_type::<Config>(&key_path("otlp.endpiont")).unwrap_err();
        assert_eq!(error.help.as_deref(), Some("did you mean `endpoint`?"));
        assert!(value_type::<Config>(&key_path("traces.sampler.x")).is_err());
    }

    #[test]
    fn enclosing_list_is_found() {
        assert_eq!(
            enclosing_list::<Config>(&key_path("traces.exporters.0")),
            Some(&*key_path("traces.exporters"))
        );
        assert_eq!(enclosing_list::<Config>(&key_path("traces.sampler")), None);
    }
}
