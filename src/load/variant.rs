//! A variant of an enum: the only key of a table with its value, or a name alone.

use std::marker::PhantomData;

use serde::{
    Deserializer,
    de::{self, DeserializeSeed, EnumAccess, VariantAccess},
};

use super::{
    refusal::Reason,
    stop::Stop,
    value_tree::{Table, Value},
};
use crate::config::value::ParseError;

/// The content of a variant that is given by its name alone.
pub(super) static NO_KEYS: Value = Value::Table(Table::new());

/// A variant, whose content is deserialized by `D`.
pub(super) struct Variant<'v, D> {
    pub(super) name: &'v str,
    pub(super) content: D,
    pub(super) place: NamePlace,
}

/// The place of the name of a variant.
#[derive(Clone, Copy)]
pub(super) enum NamePlace {
    /// A segment of the path of the walk.
    Path,
    /// A key, whose value is the content.
    Key,
    /// A text without content.
    Text,
}

/// Returns the only key of a table, one of `known`, with its value.
pub(super) fn single_key<'t>(table: &'t Table, known: &[&str]) -> Result<(&'t str, &'t Value), Stop> {
    let mut entries = table.iter();
    let (first, second) = (entries.next(), entries.next());
    match (first, second) {
        (Some((name, value)), None) => Ok((name, value)),
        (None, _) => {
            let error = ParseError::new("requires a key");
            Err(Reason::Value(error.with_help(format!("use one of {}", known.join(", ")))).into())
        }
        (Some((first, _)), Some((second, _))) => {
            let error = ParseError::of_key(format!("`{second}` cannot be combined with `{first}`"));
            let reason = Reason::Value(error.with_help("keep one of the two"));
            Err(Stop::from(reason).below(second))
        }
    }
}

impl NamePlace {
    /// Adds the key above a refused value.
    fn locate<T>(self, name: &str, result: Result<T, Stop>) -> Result<T, Stop> {
        match self {
            Self::Key => result.map_err(|stop| stop.below(name)),
            Self::Path | Self::Text => result,
        }
    }
}

impl<'de, D: Deserializer<'de, Error = Stop>> EnumAccess<'de> for Variant<'_, D> {
    type Error = Stop;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Stop> {
        let name: de::value::StrDeserializer<'_, Stop> = de::value::StrDeserializer::new(self.name);
        let variant = self.place.locate(self.name, seed.deserialize(name));
        match (variant, self.place) {
            (Ok(variant), _) => Ok((variant, self)),
            (Err(stop), NamePlace::Text) => Err(stop.of_word()),
            (Err(stop), _) => Err(stop),
        }
    }
}

impl<'de, D: Deserializer<'de, Error = Stop>> VariantAccess<'de> for Variant<'_, D> {
    type Error = Stop;

    fn unit_variant(self) -> Result<(), Stop> {
        self.newtype_variant_seed(PhantomData)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Stop> {
        self.place.locate(self.name, seed.deserialize(self.content))
    }

    fn tuple_variant<V: de::Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Stop> {
        self.place.locate(self.name, self.content.deserialize_tuple(length, visitor))
    }

    fn struct_variant<V: de::Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.place.locate(self.name, self.content.deserialize_struct("", fields, visitor))
    }
}
