//! Paths of files that the configuration names.

use std::fmt;

use super::{ConfigValue, ParseError, string::NonEmptyString, string_value};

/// The path of a file, relative to the configuration file that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilePath(NonEmptyString);

impl FilePath {
    /// Returns the path.
    #[must_use]
    pub(crate) fn as_path(&self) -> &std::path::Path {
        std::path::Path::new(self.0.as_str())
    }
}

impl ConfigValue for FilePath {
    const EXPECTED: &'static str = NonEmptyString::EXPECTED;
    const PATTERN: Option<&'static str> = NonEmptyString::PATTERN;
    const PATH: bool = true;

    fn parse_str(text: &str) -> Result<Self, ParseError> {
        NonEmptyString::parse_str(text).map(Self)
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

string_value!(FilePath);
