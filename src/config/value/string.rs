//! Plain strings.

use std::fmt;

use super::{ConfigValue, ParseError, string_value};

/// A string that is not empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NonEmptyString(String);

impl NonEmptyString {
    pub(crate) fn from_static(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// Returns the string.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl ConfigValue for NonEmptyString {
    const EXPECTED: &'static str = "a string in quotes";
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
