//! Lists of names.

use std::{fmt, marker::PhantomData};

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{ConfigValue, ParseError, deserialize};

/// A list without duplicates. `"none"`, standing alone, is another way to write the empty list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct List<T>(Vec<T>);

impl<T> List<T> {
    pub(crate) const fn new(entries: Vec<T>) -> Self {
        Self(entries)
    }

    /// Returns the entries in their order.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }
}

/// An entry as it is written.
enum Entry<T> {
    None,
    Some(T),
}

impl<T: ConfigValue> ConfigValue for Entry<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn parse_str(text: &str) -> Result<Self, ParseError> {
        if text == "none" { Ok(Self::None) } else { T::parse_str(text).map(Self::Some) }
    }
}

impl<'de, T: ConfigValue> Deserialize<'de> for Entry<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer)
    }
}

impl<'de, T: ConfigValue + PartialEq> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);

        impl<'de, T: ConfigValue + PartialEq> de::Visitor<'de> for Visitor<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
                let mut entries = Vec::new();
                let mut has_none = false;
                while let Some(entry) = seq.next_element::<Entry<T>>()? {
                    match entry {
                        Entry::None => has_none = true,
                        Entry::Some(entry) if !entries.contains(&entry) => entries.push(entry),
                        Entry::Some(_) => {}
                    }
                }
                if has_none && !entries.is_empty() {
                    let error = ParseError::new("\"none\" must stand alone");
                    return Err(de::Error::custom(
                        error.with_help("write [] or [\"none\"] for no entry at all"),
                    ));
                }
                Ok(List(entries))
            }
        }

        deserializer.deserialize_seq(Visitor(PhantomData))
    }
}
