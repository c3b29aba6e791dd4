//! The prefix of metric names.

use std::fmt;

use super::{ConfigValue, ParseError, string_value};

/// The beginning of a metric name of Prometheus: letters, digits, `_` and `:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MetricPrefix(String);

impl MetricPrefix {
    #[cfg(feature = "prometheus")]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MetricPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

impl ConfigValue for MetricPrefix {
    const EXPECTED: &'static str = "a prefix of metric names in quotes";
    const PATTERN: Option<&'static str> = Some("^[a-zA-Z_:][a-zA-Z0-9_:]*$");

    fn parse_str(text: &str) -> Result<Self, ParseError> {
        if text.trim().is_empty() {
            return Err(ParseError::new("must not be empty"));
        }
        if text.chars().all(is_allowed) && !text.starts_with(|c: char| c.is_ascii_digit()) {
            return Ok(Self(text.to_owned()));
        }
        let mut proposal: String = text.trim().chars().map(|c| if is_allowed(c) { c } else { '_' }).collect();
        if proposal.starts_with(|c: char| c.is_ascii_digit()) {
            proposal.insert(0, '_');
        }
        let help = if proposal.bytes().all(|byte| byte == b'_') {
            "use letters, digits and `_`, and start with a letter".to_owned()
        } else {
            format!("write \"{proposal}\"")
        };
        Err(ParseError::new(format!("{text:?} cannot begin the name of a metric")).with_help(help))
    }
}

string_value!(MetricPrefix);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_that_is_not_legal_is_refused_with_a_proposal() {
        for text in ["acme", "Acme_1", "_x", "team:shop"] {
            assert!(MetricPrefix::parse_str(text).is_ok(), "{text}");
        }
        for (text, help) in [
            ("my-app", "write \"my_app\""),
            ("my.app", "write \"my_app\""),
            ("2nd", "write \"_2nd\""),
            ("a b", "write \"a_b\""),
            ("größe", "write \"gr__e\""),
            ("приложение", "use letters, digits and `_`, and start with a letter"),
        ] {
            let error = MetricPrefix::parse_str(text).unwrap_err();
            assert_eq!(error.help.as_deref(), Some(help), "{text}");
        }
        assert!(MetricPrefix::parse_str(" ").is_err());
    }
}
