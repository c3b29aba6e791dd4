//! A word of the library, or the name of a part that the program adds in code.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{ConfigValue, ParseError, deserialize};

/// The names that parts of the program may have.
const NAME_PATTERN: &str = "^[a-z][a-z0-9_]*$";

/// A word of the library, or the name of a part that the program adds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum OwnOr<T> {
    BuiltIn(T),
    /// The validation checks that the program adds it.
    Own(String),
}

/// Returns whether a part of the program may have this name.
pub(crate) fn is_part_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

impl<T: ConfigValue> OwnOr<T> {
    /// Returns the error for the name of a part that the program does not add.
    pub(crate) fn not_added<'n>(name: &'n str, added: impl Iterator<Item = &'n str>) -> ParseError {
        let known: Vec<_> = T::WORDS.unwrap_or_default().iter().copied().chain(added).collect();
        ParseError::not_one_of(name, &known)
    }
}

impl<T: ConfigValue> ConfigValue for OwnOr<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    const PATTERN: Option<&'static str> = Some(NAME_PATTERN);

    fn parse_str(text: &str) -> Result<Self, ParseError> {
        match T::parse_str(text) {
            Ok(word) => Ok(Self::BuiltIn(word)),
            // A name that is similar to a word is a misspelled word, also where the names are not
            // known, as in other profiles.
            Err(error) if error.help.is_some() || !is_part_name(text) => Err(error),
            Err(_) => Ok(Self::Own(text.to_owned())),
        }
    }
}

impl<T: fmt::Display> fmt::Display for OwnOr<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn(word) => word.fmt(f),
            Self::Own(name) => f.write_str(name),
        }
    }
}

impl<T: fmt::Display> Serialize for OwnOr<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, T: ConfigValue> Deserialize<'de> for OwnOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer)
    }
}

/// Editors propose the words of the library.
#[cfg(feature = "schema")]
impl<T: ConfigValue> schemars::JsonSchema for OwnOr<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "OwnOr".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        super::schema::word_or_name::<T>(NAME_PATTERN)
    }
}
