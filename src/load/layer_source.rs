//! The source of the values of one layer, and the problems of its values.

use std::{panic::Location, sync::Arc};

#[cfg(feature = "declarative")]
use super::declarative::WrittenKeys;
use super::{
    file_text::FileText,
    locate::KeyOrValue,
    refusal::{Reason, Refusal},
    value_tree::Value,
    values,
};
use crate::{
    config::{key_path::KeyPath, value::ParseError},
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
    /// A declarative file, whose keys have other names.
    #[cfg(feature = "declarative")]
    Declarative(Arc<WrittenKeys>),
    Env(String),
    Detector(String),
}

impl LayerSource {
    /// Returns the origin of the key or value at `path`.
    pub(super) fn origin(&self, path: &[String], part: KeyOrValue) -> Origin {
        match self {
            Self::Code(location) => Origin::Code(location),
            Self::Env(name) => Origin::Env(name.clone()),
            Self::Detector(name) => Origin::Detector(name.clone()),
            Self::File { text, prefix } => text.origin(&[prefix, path].concat(), part),
            #[cfg(feature = "declarative")]
            Self::Declarative(written) => written.origin(path),
        }
    }

    fn key(&self, path: &[String]) -> String {
        match self {
            Self::File { prefix, .. } => [prefix, path].concat().join("."),
            #[cfg(feature = "declarative")]
            Self::Declarative(written) => written.path(path).map_or_else(|| path.join("."), str::to_owned),
            _ => path.join("."),
        }
    }

    /// Returns the names of the variables that the value at `path` refers to.
    pub(super) fn variables(&self, path: &[String]) -> &[String] {
        match self {
            #[cfg(feature = "declarative")]
            Self::Declarative(written) => written.variables(path),
            _ => {
                let _ = path;
                &[]
            }
        }
    }

    /// Gives a problem of the key at `path` the words of the source. Returns `None` if the source
    /// uses those of the configuration.
    pub(super) fn reworded(&self, path: &[String], problem: &Problem) -> Option<Problem> {
        match self {
            #[cfg(feature = "declarative")]
            Self::Declarative(written) => {
                let key = written.path(path).map_or_else(|| path.join("."), str::to_owned);
                let help = problem.help().map(|help| written.reword(help));
                let message = written.reword(&problem.message);
                Some(Problem { message, ..problem.clone() }.with_optional_help(help).with_key(key))
            }
            _ => {
                let _ = (path, problem);
                None
            }
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
    pub(super) fn refused(&self, path: &[String], refusal: Refusal, value: &Value) -> Problem {
        let place = [path, refusal.path.as_slice()].concat();
        let error: ParseError = match refusal.reason {
            Reason::UnknownKey(key, known) => {
                // Profiles were removed before, but a table at the top may be a misspelled
                // `profiles`.
                let is_at_top =
                    matches!(self, Self::File { prefix, .. } if prefix.is_empty()) && place.len() == 1;
                let profiles = (is_at_top && matches!(value, Value::Table(_))).then_some("profiles");
                let known: Vec<&str> = profiles.into_iter().chain(known.iter().copied()).collect();
                return self.problem(&place, ParseError::unknown_key(&key, &known));
            }
            reason => reason.into(),
        };
        #[cfg(feature = "declarative")]
        if let Self::Declarative(_) = self {
            return self.problem(&place, error);
        }
        let key = if error.blames_key {
            &place[..place.len() - 1]
        } else {
            &place[..path.len() + values::key_length(value, &place[path.len()..])]
        };
        Problem { key: Some(self.key(key)), ..self.problem(&place, error) }
    }
}
