//! Values that are written as text and parsed by rules of their own.
//!
//! [`ConfigValue`] is the one way in: the deserializer of every such type goes through it, so that a value from the file
//! and one from a variable are checked by the same code and refused in the same words.

pub(crate) mod attribute;
pub(crate) mod duration;
pub(crate) mod endpoint;
pub(crate) mod header;
pub(crate) mod log_filter;
pub(crate) mod number;
#[cfg(feature = "schema")]
pub(crate) mod schema;

use std::{fmt, marker::PhantomData};

use serde::{Deserializer, de};

use crate::text::{nearest, quoted_list};

/// Why a text was refused, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParseError {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// The key is at fault, not its value.
    pub(crate) blames_key: bool,
}

impl ParseError {
    /// Separates message and help while both travel through a serde error, which carries one string only.
    const SEPARATOR: char = '\u{1f}';

    /// Begins the string when the key is at fault.
    const AT_KEY: char = '\u{1e}';

    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, blames_key: false }
    }

    /// A rejection of the key itself.
    pub(crate) fn of_key(message: impl Into<String>) -> Self {
        Self { blames_key: true, ..Self::new(message) }
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The words for a `text` that is none of the `allowed` ones.
    pub(crate) fn not_one_of(text: &str, allowed: &[&str]) -> Self {
        let help = nearest(text, allowed.iter().copied()).map(|near| format!("did you mean \"{near}\"?"));
        Self { help, ..Self::new(format!("{text:?} is not one of {}", quoted_list(allowed))) }
    }

    /// Reads back what [`fmt::Display`] wrote.
    pub(crate) fn from_serde(text: &str) -> Self {
        let (blames_key, text) = match text.strip_prefix(Self::AT_KEY) {
            Some(text) => (true, text),
            None => (false, text),
        };
        let rejection = match text.split_once(Self::SEPARATOR) {
            Some((message, help)) => Self::new(message).with_help(help),
            None => Self::new(text),
        };
        Self { blames_key, ..rejection }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.blames_key {
            write!(f, "{}", Self::AT_KEY)?;
        }
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "{}{help}", Self::SEPARATOR),
            None => Ok(()),
        }
    }
}

/// A type whose values are written as text.
#[cfg_attr(
    not(feature = "schema"),
    expect(dead_code, reason = "the schema alone asks for words and patterns")
)]
pub(crate) trait ConfigValue: Sized {
    /// Completes "expected …" when the value is not a text at all.
    const EXPECTED: &'static str;

    /// The only words there are, when there are only some.
    const WORDS: Option<&'static [&'static str]> = None;

    /// A regular expression that good values match, for editors.
    const PATTERN: Option<&'static str> = None;

    fn parse_str(text: &str) -> Result<Self, ParseError>;
}

/// Deserializes a [`ConfigValue`] type; anything but a string is refused.
pub(crate) fn deserialize<'de, T: ConfigValue, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Visitor<T>(PhantomData<T>);

    impl<T: ConfigValue> de::Visitor<'_> for Visitor<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(T::EXPECTED)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            T::parse_str(text).map_err(E::custom)
        }
    }

    deserializer.deserialize_str(Visitor(PhantomData))
}

/// Reads a [`ConfigValue`] type from a string, and writes it as its `Display` does.
macro_rules! string_value {
    ($type:ty $(, $($generics:tt)*)?) => {
        impl $(<$($generics)*>)? serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        #[cfg(feature = "schema")]
        impl $(<$($generics)*>)? schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                crate::config::value::schema::text::<Self>()
            }
        }

        impl<'de $(, $($generics)*)?> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::config::value::deserialize(deserializer)
            }
        }
    };
}
pub(crate) use string_value;

/// Declares an enum whose variants are written as the given words, exactly.
macro_rules! string_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        $vis enum $name { $($(#[$variant_meta])* $variant),+ }

        impl $name {
            /// The word that stands for this value in the configuration.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl crate::config::value::ConfigValue for $name {
            const EXPECTED: &'static str = "a word in quotes";
            const WORDS: Option<&'static [&'static str]> = Some(&[$($text),+]);

            fn parse_str(text: &str) -> Result<Self, crate::config::value::ParseError> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(crate::config::value::ParseError::not_one_of(text, &[$($text),+])),
                }
            }
        }

        crate::config::value::string_value!($name);
    };
}
pub(crate) use string_enum;

/// A plain string that must not be empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NonEmptyString(String);

impl NonEmptyString {
    pub(crate) fn from_static(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ConfigValue for NonEmptyString {
    const EXPECTED: &'static str = "a text in quotes";
    const PATTERN: Option<&'static str> = Some(r"\S");

    fn parse_str(text: &str) -> Result<Self, ParseError> {
        if text.trim().is_empty() {
            return Err(ParseError::new("must not be empty"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for NonEmptyString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

string_value!(NonEmptyString);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_and_help_survive_serde() {
        for rejection in [ParseError::new("bad"), ParseError::of_key("bad")] {
            let rejection = rejection.with_help("do this");
            assert_eq!(ParseError::from_serde(&rejection.to_string()), rejection);
        }
    }
}
