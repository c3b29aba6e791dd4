//! The error for a text that a key does not accept.

use std::fmt;

use crate::text::{nearest, quoted_list};

/// The reason why a value was refused, and help to correct it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParseError {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// The key is at fault, not its value.
    pub(crate) blames_key: bool,
}

impl ParseError {
    /// Separates message and help in a serde error, which carries a single string.
    const SEPARATOR: char = '\u{1f}';

    /// Marks a string whose key is at fault.
    const BLAMES_KEY: char = '\u{1e}';

    /// The message for a key that does not exist.
    pub(crate) const UNKNOWN_KEY: &str = "unknown key";

    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, blames_key: false }
    }

    /// Refuses the key instead of its value.
    pub(crate) fn of_key(message: impl Into<String>) -> Self {
        Self { blames_key: true, ..Self::new(message) }
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Joins the errors of several parts of one value.
    pub(crate) fn joined(errors: Vec<Self>) -> Self {
        let mut helps: Vec<String> = errors.iter().filter_map(|error| error.help.clone()).collect();
        helps.dedup();
        let messages: Vec<String> = errors.into_iter().map(|error| error.message).collect();
        Self { help: (!helps.is_empty()).then(|| helps.join("; ")), ..Self::new(messages.join("; ")) }
    }

    /// Refuses a `text` that is not one of the `allowed` words.
    pub(crate) fn not_one_of(text: &str, allowed: &[&str]) -> Self {
        let help = nearest(text, allowed.iter().copied()).map(|near| format!("did you mean \"{near}\"?"));
        Self { help, ..Self::new(format!("{text:?} is not one of {}", quoted_list(allowed))) }
    }

    /// Keys of earlier versions, each with the key that replaces it.
    const REPLACED_KEYS: [(&str, &str); 2] =
        [("unit_suffixes", "translation_strategy"), ("counter_suffixes", "translation_strategy")];

    /// Refuses a `key` that is not one of the `known` ones.
    pub(crate) fn unknown_key(key: &str, known: &[&str]) -> Self {
        let mut replaced = Self::REPLACED_KEYS.iter().filter(|(_, new)| known.contains(new));
        let help = match (replaced.find(|(old, _)| *old == key), nearest(key, known.iter().copied())) {
            (Some((_, new)), _) => format!("use `{new}`, which replaces it"),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) if known.is_empty() => "remove it; this table has no keys".to_owned(),
            (None, None) => format!("use one of {}", known.join(", ")),
        };
        Self::of_key(Self::UNKNOWN_KEY).with_help(help)
    }

    /// Parses the output of [`fmt::Display`].
    pub(crate) fn from_serde(text: &str) -> Self {
        let (blames_key, text) = match text.strip_prefix(Self::BLAMES_KEY) {
            Some(text) => (true, text),
            None => (false, text),
        };
        let error = match text.split_once(Self::SEPARATOR) {
            Some((message, help)) => Self::new(message).with_help(help),
            None => Self::new(text),
        };
        Self { blames_key, ..error }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.blames_key {
            write!(f, "{}", Self::BLAMES_KEY)?;
        }
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "{}{help}", Self::SEPARATOR),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_and_help_survive_serde() {
        for error in [ParseError::new("bad"), ParseError::of_key("bad")] {
            let error = error.with_help("do this");
            assert_eq!(ParseError::from_serde(&error.to_string()), error);
        }
    }
}
