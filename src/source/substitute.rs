//! `${VAR}`, `${VAR:-default}`, `${env:VAR}` and `$$` in the values of the file.
//!
//! The rules are those of the specification's "Configuration Data Model", "Environment variable substitution", but for
//! one: a variable that is unset and has no default is an error, since TOML has no null.

use crate::config::text::Rejection;

/// `text` with its references resolved by `lookup`, or `None` when it holds neither a reference nor an escape.
pub(crate) fn substitute<'e>(
    text: &str,
    lookup: impl Fn(&str) -> Option<&'e str>,
) -> Result<Option<String>, Rejection> {
    if !text.contains('$') {
        return Ok(None);
    }
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    let mut changed = false;
    while let Some(at) = rest.find('$') {
        result.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            result.push('$');
            rest = after;
            changed = true;
        } else if let Some(after) = rest.strip_prefix('{') {
            let end = after.find('}').ok_or_else(|| invalid("a `${` has no `}`"))?;
            result.push_str(&resolve(&after[..end], &lookup)?);
            rest = &after[end + 1..];
            changed = true;
        } else {
            result.push('$');
        }
    }
    result.push_str(rest);
    Ok(changed.then_some(result))
}

fn invalid(message: impl Into<String>) -> Rejection {
    Rejection::new(message).with_help("write ${NAME} or ${NAME:-default}; $$ is a literal $")
}

fn resolve<'e>(reference: &str, lookup: &impl Fn(&str) -> Option<&'e str>) -> Result<String, Rejection> {
    let reference = reference.strip_prefix("env:").unwrap_or(reference);
    let (name, default) = match reference.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (reference, None),
    };
    let well_formed = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !well_formed {
        return Err(invalid("a reference `${…}` does not hold the name of a variable"));
    }
    lookup(name).or(default).map(str::to_owned).ok_or_else(|| {
        Rejection::new(format!("the variable {name} is not set"))
            .with_help(format!("set it, or give a default: ${{{name}:-…}}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Result<Option<String>, Rejection> {
        // Empty variables count as unset, which the environment sees to.
        let variables = [("TOKEN", "s3cret"), ("NESTED", "${TOKEN}")];
        substitute(text, |wanted| variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value))
    }

    #[test]
    fn resolves_references() {
        assert_eq!(with("plain").unwrap(), None);
        assert_eq!(with("Bearer ${TOKEN}").unwrap().as_deref(), Some("Bearer s3cret"));
        assert_eq!(with("${env:TOKEN}!").unwrap().as_deref(), Some("s3cret!"));
        assert_eq!(with("${EMPTY:-a}${MISSING:-b}").unwrap().as_deref(), Some("ab"));
        assert_eq!(with("$${TOKEN} costs $5").unwrap().as_deref(), Some("${TOKEN} costs $5"));
        assert_eq!(with("${NESTED}").unwrap().as_deref(), Some("${TOKEN}"), "no recursion");
        assert_eq!(with("$5").unwrap(), None);
    }

    #[test]
    fn refuses_what_it_cannot_resolve() {
        for text in ["${MISSING}", "${EMPTY}", "${", "${TOKEN", "${1A}", "${}", "${a b}"] {
            assert!(with(text).is_err(), "{text}");
        }
    }
}
