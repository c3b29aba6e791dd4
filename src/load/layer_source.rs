//! The source of the values of one layer, and the problems of its values.

use std::{panic::Location, sync::Arc};

use figment::{
    error::{Actual, Kind},
    value::Value,
};

use super::{file_text::FileText, locate::KeyOrValue, values};
use crate::{
    config::{DURATION_HELP, key_path::KeyPath, value::ParseError},
    error::{Origin, Problem},
};

/// The source of the values of one layer.
#[derive(Clone)]
pub(super) enum LayerSource {
    Code(&'static Location<'static>),
    /// The file; the prefix is empty, or `profiles.NAME` for the values of a profile.
    File {
        text: Arc<FileText>,
        prefix: KeyPath,
    },
    Env(String),
}

impl LayerSource {
    /// Returns the origin of the key or value at `path`.
    pub(super) fn origin(&self, path: &[String], part: KeyOrValue) -> Origin {
        match self {
            Self::Code(location) => Origin::Code(location),
            Self::Env(name) => Origin::Env(name.clone()),
            Self::File { text, prefix } => text.origin(&[prefix, path].concat(), part),
        }
    }

    fn key(&self, path: &[String]) -> String {
        match self {
            Self::File { prefix, .. } => [prefix, path].concat().join("."),
            _ => path.join("."),
        }
    }

    /// Returns whether the source contains a key at `path`, even if its value was refused.
    pub(super) fn holds(&self, path: &[String]) -> bool {
        matches!(self, Self::File { text, prefix } if text.holds(&[prefix, path].concat()))
    }

    /// Returns the problem `error` at the value or the key at `path`.
    pub(super) fn problem(&self, path: &[String], error: ParseError) -> Problem {
        let part = if error.blames_key { KeyOrValue::Key } else { KeyOrValue::Value };
        Problem {
            at: Some(self.origin(path, part)),
            key: Some(self.key(path)),
            ..Problem::new(error.message).with_optional_help(error.help)
        }
    }

    /// Returns the problem of a value at `path` that does not deserialize. The key of an entry of a
    /// list is that of the list. A name that is not valid may be a secret, so it is not part of the
    /// key.
    pub(super) fn refused(&self, path: &[String], error: Box<figment::Error>, value: &Value) -> Problem {
        let error = *error;
        let place = [path, error.path.as_slice()].concat();
        let error = match error.kind {
            Kind::UnknownField(key, known) => {
                // Profiles were removed before, but a table at the top may be a misspelled
                // `profiles`.
                let is_at_top =
                    matches!(self, Self::File { prefix, .. } if prefix.is_empty()) && place.len() == 1;
                let profiles = (is_at_top && matches!(value, Value::Dict(..))).then_some("profiles");
                let known: Vec<&str> = profiles.into_iter().chain(known.iter().copied()).collect();
                return self.problem(&place, ParseError::unknown_key(&key, &known));
            }
            Kind::MissingField(key) => ParseError::new(format!("requires the key `{key}`")),
            kind => kind_to_error(kind),
        };
        let key = if error.blames_key {
            &place[..place.len() - 1]
        } else {
            &place[..path.len() + values::key_length(value, &place[path.len()..])]
        };
        Problem { key: Some(self.key(key)), ..self.problem(&place, error) }
    }
}

/// Describes a value that a key does not accept. Never quotes the value, which may be a secret;
/// types of values that are not secret do that themselves.
pub(super) fn kind_to_error(kind: Kind) -> ParseError {
    match kind {
        Kind::Message(message) => ParseError::from_serde(&message),
        Kind::InvalidType(actual, expected) | Kind::InvalidValue(actual, expected) => {
            // Serde describes a table by the name of its type.
            let expected = match expected.as_str() {
                "a map" => "a table",
                name if name.starts_with("struct ") => "a table",
                "a sequence" => "a list",
                other => other,
            };
            let error = ParseError::new(format!("expected {expected}, found {}", type_name(&actual)));
            match actual {
                Actual::Unsigned(_) | Actual::Signed(_) | Actual::Float(_)
                    if expected.starts_with("a duration") =>
                {
                    error.with_help(DURATION_HELP)
                }
                Actual::Str(_) if expected == "a list" => error.with_help("put it in brackets: [\"…\"]"),
                _ => error,
            }
        }
        other => ParseError::new(other.to_string()),
    }
}

fn type_name(actual: &Actual) -> &'static str {
    match actual {
        Actual::Bool(_) => "a boolean",
        Actual::Unsigned(_) | Actual::Signed(_) => "an integer",
        Actual::Float(_) => "a float",
        Actual::Str(_) | Actual::Char(_) => "a string",
        Actual::Seq => "a list",
        Actual::Map => "a table",
        _ => "something else",
    }
}
