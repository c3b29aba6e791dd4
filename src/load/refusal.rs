//! The reason why a type of the configuration refuses a value.

use std::fmt;

use serde::de::{self, Unexpected};

use crate::config::{DURATION_HELP, key_path::KeyPath, value::ParseError};

/// A refused value or key.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Its path below the value that was deserialized.
    pub(super) path: KeyPath,
    pub(super) reason: Reason,
}

#[derive(Debug)]
pub(super) enum Reason {
    /// The key is not one of these.
    UnknownKey(String, &'static [&'static str]),
    MissingKey(&'static str),
    Value(ParseError),
}

impl Refusal {
    pub(super) fn new(reason: Reason) -> Self {
        Self { path: KeyPath::new(), reason }
    }
}

impl From<Reason> for ParseError {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::UnknownKey(key, known) => Self::unknown_key(&key, known),
            Reason::MissingKey(key) => Self::new(format!("requires the key `{key}`")),
            Reason::Value(error) => error,
        }
    }
}

impl Reason {
    /// A value of another type. Never quotes the value, which may be a secret; types of values that
    /// are not secret do that themselves.
    pub(super) fn wrong_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let expected = expected.to_string();
        // Serde describes a table by the name of its type.
        let expected = match expected.as_str() {
            "a map" => "a table",
            name if name.starts_with("struct ") => "a table",
            "a sequence" => "a list",
            other => other,
        };
        let error = ParseError::new(format!("expected {expected}, found {}", type_name(found)));
        Self::Value(match found {
            Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_)
                if expected.starts_with("a duration") =>
            {
                error.with_help(DURATION_HELP)
            }
            Unexpected::Str(_) if expected == "a list" => error.with_help("put it in brackets: [\"…\"]"),
            Unexpected::Str(_)
                if ["a boolean", "an integer", "a number"].iter().any(|it| expected.starts_with(it)) =>
            {
                error.with_help("write it without quotes")
            }
            _ => error,
        })
    }

    /// A value in the place of a table with these keys.
    #[cold]
    pub(super) fn no_table(found: Unexpected<'_>, expected: &dyn de::Expected, keys: &[&str]) -> Self {
        let help = match keys {
            [] => return Self::wrong_type(found, expected),
            // The usual reason is a destination without its key.
            keys if keys.contains(&"endpoint") => "write a table, such as { endpoint = \"…\" }".to_owned(),
            keys => format!("write a table; its keys are {}", keys.join(", ")),
        };
        Self::wrong_type(found, expected).with_help(help)
    }

    /// A value in the place of a name or a table with one of these keys.
    #[cold]
    pub(super) fn no_variant(found: Unexpected<'_>, names: &[&str]) -> Self {
        let help = format!("use one of {}", names.join(", "));
        Self::wrong_type(found, &"a name or a table").with_help(help)
    }

    fn with_help(self, help: String) -> Self {
        match self {
            Self::Value(error) => Self::Value(error.with_help(help)),
            other => other,
        }
    }

    pub(super) fn message(message: impl fmt::Display) -> Self {
        Self::Value(ParseError::from_serde(&message.to_string()))
    }
}

fn type_name(found: Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "an integer",
        Unexpected::Float(_) => "a float",
        Unexpected::Str(_) | Unexpected::Char(_) => "a string",
        Unexpected::Seq => "a list",
        Unexpected::Map => "a table",
        _ => "something else",
    }
}
