//! Lists of names.

use std::{collections::HashSet, fmt, hash::Hash, marker::PhantomData};

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{ConfigValue, ParseError, deserialize};

/// A list without duplicates. `["none"]` is another notation for the empty list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct List<T>(Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> List<T> {
    pub(crate) const fn new(entries: Vec<T>) -> Self {
        Self(entries)
    }

    /// Returns the entries in order.
    #[must_use]
    pub(crate) fn as_slice(&self) -> &[T] {
        &self.0
    }
}

/// An entry as it is written.
enum ListEntry<T> {
    None,
    Some(T),
}

impl<T: ConfigValue> ConfigValue for ListEntry<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn parse_str(text: &str) -> Result<Self, ParseError> {
        if text == "none" { Ok(Self::None) } else { T::parse_str(text).map(Self::Some) }
    }
}

impl<'de, T: ConfigValue> Deserialize<'de> for ListEntry<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer)
    }
}

impl<'de, T: ConfigValue + Clone + Eq + Hash> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);

        impl<'de, T: ConfigValue + Clone + Eq + Hash> de::Visitor<'de> for Visitor<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
                let mut entries = Vec::new();
                let mut seen = HashSet::new();
                let mut has_none = false;
                while let Some(entry) = seq.next_element::<ListEntry<T>>()? {
                    match entry {
                        ListEntry::None => has_none = true,
                        ListEntry::Some(entry) if seen.insert(entry.clone()) => entries.push(entry),
                        ListEntry::Some(_) => {}
                    }
                }
                if has_none && !entries.is_empty() {
                    let error = ParseError::new("\"none\" cannot be combined with other entries");
                    return Err(de::Error::custom(
                        error.with_help("write [] or [\"none\"] for an empty list"),
                    ));
                }
                Ok(List(entries))
            }
        }

        deserializer.deserialize_seq(Visitor(PhantomData))
    }
}

/// Deserializes a list that must not be empty.
pub(crate) fn at_least_one<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let items = Vec::deserialize(deserializer)?;
    if items.is_empty() {
        return Err(de::Error::custom(
            ParseError::new("must not be empty").with_help("remove it, or add an entry"),
        ));
    }
    Ok(items)
}

#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for List<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("ListOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        super::schema::list(&T::json_schema(generator))
    }
}
