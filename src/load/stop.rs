//! The end of a walk over the type of the configuration.

use std::fmt;

use serde::de::{self, Unexpected};

use super::{
    refusal::{Reason, Refusal},
    value_type::ValueType,
};
use crate::config::value::ParseError;

/// The end of a walk. It travels as an error, so that every visitor on the way passes it on.
#[derive(Debug)]
pub(super) enum Stop {
    Type(ValueType),
    Accepted,
    /// The path does not exist, or the value is not accepted.
    Refused(Box<Refusal>),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the walk ended")
    }
}

impl std::error::Error for Stop {}

impl From<Reason> for Stop {
    #[cold]
    fn from(reason: Reason) -> Self {
        Self::Refused(Box::new(Refusal::new(reason)))
    }
}

impl de::Error for Stop {
    #[cold]
    fn custom<T: fmt::Display>(message: T) -> Self {
        Reason::message(message).into()
    }

    #[cold]
    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Reason::wrong_type(found, expected).into()
    }

    #[cold]
    fn invalid_value(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Reason::wrong_type(found, expected).into()
    }

    #[cold]
    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Reason::UnknownKey(field.to_owned(), expected).into()
    }

    #[cold]
    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Reason::UnknownKey(variant.to_owned(), expected).into()
    }

    #[cold]
    fn missing_field(field: &'static str) -> Self {
        Reason::MissingKey(field).into()
    }
}

impl Stop {
    /// Describes an unknown variant as a word, not as a key.
    #[cold]
    pub(super) fn of_word(self) -> Self {
        match self {
            Self::Refused(refusal) => match *refusal {
                Refusal { path, reason: Reason::UnknownKey(name, known) } => {
                    let reason = Reason::Value(ParseError::not_one_of(&name, known));
                    Self::Refused(Box::new(Refusal { path, reason }))
                }
                refusal => Self::Refused(Box::new(refusal)),
            },
            stop => stop,
        }
    }

    /// Adds the key or index above a refused value.
    #[cold]
    pub(super) fn below(mut self, segment: impl fmt::Display) -> Self {
        if let Self::Refused(refusal) = &mut self {
            refusal.path.insert(0, segment.to_string());
        }
        self
    }
}
