//! The trait of types that are written as text, and their deserializer.

use std::{fmt, marker::PhantomData};

use serde::{Deserializer, de};

use super::parse_error::ParseError;

/// A type whose values are written as text.
pub(crate) trait ConfigValue: Sized {
    /// Completes "expected …" when the value is not a string.
    const EXPECTED: &'static str;

    /// All words that are accepted, when the type is a choice of words.
    const WORDS: Option<&'static [&'static str]> = None;

    /// The documentation of these words, in the same order.
    #[allow(dead_code, reason = "the schema alone contains it")]
    const WORD_DOCS: &'static [&'static str] = &[];
    /// A regular expression that accepted values match, for editors.
    #[allow(dead_code, reason = "the schema alone asks for patterns")]
    const PATTERN: Option<&'static str> = None;

    /// Marks a secret: it is never printed, and `{ file = "…" }` may replace it.
    const SECRET: bool = false;

    /// Marks the path of a file. A relative path starts at the directory of the file that contains
    /// it.
    const PATH: bool = false;

    /// Marks the name of an entry that is the same in upper and lower case.
    const IGNORES_CASE: bool = false;

    fn parse_str(text: &str) -> Result<Self, ParseError>;
}

/// The names under which [`deserialize`] and others ask for a text.
///
/// Serde passes the name of a newtype to the deserializer. It carries the properties of a
/// [`ConfigValue`] to the deserializer that walks over the types of the configuration.
pub(crate) mod newtype_name {
    pub(crate) const TEXT: &str = "text";
    pub(crate) const SECRET: &str = "secret";
    pub(crate) const PATH: &str = "path";
    pub(crate) const CASELESS: &str = "caseless text";
    /// A name that may be replaced by a table.
    pub(crate) const TEXT_OR_TABLE: &str = "text or table";
}

const fn newtype_name<T: ConfigValue>() -> &'static str {
    match (T::SECRET, T::PATH, T::IGNORES_CASE) {
        (true, ..) => newtype_name::SECRET,
        (_, true, _) => newtype_name::PATH,
        (.., true) => newtype_name::CASELESS,
        _ => newtype_name::TEXT,
    }
}

/// Deserializes a [`ConfigValue`] type; anything but a string is refused.
pub(crate) fn deserialize<'de, T: ConfigValue, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Visitor<T>(PhantomData<T>);

    impl<'de, T: ConfigValue> de::Visitor<'de> for Visitor<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(T::EXPECTED)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            T::parse_str(text).map_err(E::custom)
        }

        fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
            deserializer.deserialize_str(self)
        }
    }

    deserializer.deserialize_newtype_struct(newtype_name::<T>(), Visitor(PhantomData))
}
