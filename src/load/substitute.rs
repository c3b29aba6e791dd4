//! `${VAR}`, `${VAR:-default}`, `${env:VAR}` and `$$` in the values of the file.
//!
//! Follows the specification, "Configuration Data Model", "Environment variable substitution", with
//! one exception: an unset variable without a default is an error, since TOML has no null.

use crate::config::value::ParseError;

/// Resolves the references in `text` with `lookup`. Returns `None` without any reference or escape.
pub(crate) fn substitute<'e>(
    text: &str,
    lookup: impl Fn(&str) -> Option<&'e str>,
) -> Result<Option<String>, ParseError> {
    if !text.contains('$') {
        return Ok(None);
    }
    // Escapes are read first, so one inside of a reference ends it.
    let mut result = String::with_capacity(text.len());
    let mut changed = false;
    let mut segments = text.split("$$").peekable();
    while let Some(mut rest) = segments.next() {
        while let Some(at) = rest.find("${") {
            let (before, reference) = (&rest[..at], &rest[at + 2..]);
            let Some(end) = reference.find('}') else {
                if segments.peek().is_some() {
                    break;
                }
                return Err(invalid("`${` without a closing `}`"));
            };
            result.push_str(before);
            result.push_str(&resolve(&reference[..end], &lookup)?);
            rest = &reference[end + 1..];
            changed = true;
        }
        result.push_str(rest);
        if segments.peek().is_some() {
            result.push('$');
            changed = true;
        }
    }
    Ok(changed.then_some(result))
}

fn invalid(message: impl Into<String>) -> ParseError {
    ParseError::new(message).with_help("write ${NAME} or ${NAME:-default}; $$ is a literal $")
}

fn resolve<'e>(reference: &str, lookup: &impl Fn(&str) -> Option<&'e str>) -> Result<String, ParseError> {
    let (name, default) = match reference.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (reference, None),
    };
    let name = name.strip_prefix("env:").unwrap_or(name);
    let is_word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric());
    if let Some((prefix, _)) = name.split_once(':').filter(|(prefix, _)| is_word(prefix)) {
        return Err(ParseError::new(format!("references with the prefix `{prefix}:` are not known"))
            .with_help("write ${NAME} or ${env:NAME} for a variable"));
    }
    let well_formed = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !well_formed {
        return Err(invalid("`${…}` does not contain a valid variable name"));
    }
    if default.is_some_and(|default| default.contains(['\n', '\r'])) {
        return Err(invalid("the default of `${…}` spans several lines"));
    }
    match (lookup(name), default) {
        (Some("") | None, Some(default)) => Ok(default.to_owned()),
        (Some(value), _) => Ok(value.to_owned()),
        (None, None) => Err(ParseError::new(format!("the variable {name} is not set"))
            .with_help(format!("set it, or write a default: ${{{name}:-…}}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str) -> Result<Option<String>, ParseError> {
        let variables = [
            ("STRING_VALUE", "value"),
            ("BOOL_VALUE", "true"),
            ("FLOAT_VALUE", "1.1"),
            ("INVALID_MAP_VALUE", "value\nkey:value"),
            ("DO_NOT_REPLACE_ME", "Never use this value"),
            ("REPLACE_ME", "${DO_NOT_REPLACE_ME}"),
            ("VALUE_WITH_ESCAPE", "value$$"),
            ("EMPTY", ""),
        ];
        substitute(text, |wanted| variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value))
    }

    /// The cases of the table in the specification. Differences: an undefined variable without a
    /// default is an error, and the types of values do not depend on the text.
    #[test]
    fn references_are_resolved_as_specified() {
        for (text, expected) in [
            ("${STRING_VALUE}", "value"),
            ("${BOOL_VALUE}", "true"),
            ("${env:STRING_VALUE}", "value"),
            ("${INVALID_MAP_VALUE}", "value\nkey:value"),
            ("foo ${STRING_VALUE} ${FLOAT_VALUE}", "foo value 1.1"),
            ("${UNDEFINED_KEY:-fallback}", "fallback"),
            ("${UNDEFINED_KEY:-${STRING_VALUE}}", "${STRING_VALUE}"),
            ("${REPLACE_ME}", "${DO_NOT_REPLACE_ME}"),
            ("$${STRING_VALUE}", "${STRING_VALUE}"),
            ("$$${STRING_VALUE}", "$value"),
            ("$$$${STRING_VALUE}", "$${STRING_VALUE}"),
            ("$${STRING_VALUE:-fallback}", "${STRING_VALUE:-fallback}"),
            ("$${STRING_VALUE:-${STRING_VALUE}}", "${STRING_VALUE:-value}"),
            ("${UNDEFINED_KEY:-$${UNDEFINED_KEY}}", "${UNDEFINED_KEY:-${UNDEFINED_KEY}}"),
            ("${VALUE_WITH_ESCAPE}", "value$$"),
            ("a $$ b", "a $ b"),
            ("${env:-test}", "test"),
            ("${EMPTY}", ""),
            ("a${env:EMPTY}b", "ab"),
            ("${EMPTY:-fallback}", "fallback"),
        ] {
            assert_eq!(resolved(text).unwrap().as_deref(), Some(expected), "{text}");
        }
        for text in ["plain", "a $ b", "$5", "{}"] {
            assert_eq!(resolved(text).unwrap(), None, "{text}");
        }
    }

    #[test]
    fn unresolvable_references_are_refused() {
        for text in [
            "${UNDEFINED_KEY}",
            "${STRING_VALUE:?error}",
            "${",
            "a ${STRING_VALUE",
            "${1A}",
            "${}",
            "${a b}",
            "${file:x}",
        ] {
            assert!(resolved(text).is_err(), "{text}");
        }
    }
}
