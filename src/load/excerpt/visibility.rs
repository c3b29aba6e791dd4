//! Decides which values may be shown.

use std::borrow::Cow;

use crate::{
    config::{Config, Redact},
    load::{value_type::ValueType, walk::value_type},
};

/// Stands for a secret.
const MASK: &str = "***";

/// The treatment of the value of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::load) enum Visibility {
    Shown,
    /// A secret, which is masked.
    Secret,
    /// The value may be a secret.
    Hidden,
}

/// Returns the treatment of the value at `path`. Without `redact`, every attribute of the resource
/// may have to be redacted.
pub(in crate::load) fn visibility(path: &[String], redact: Option<&Redact>) -> Visibility {
    let Some((last, above)) = path.split_last() else { return Visibility::Hidden };
    if let [resource, attributes, name @ ..] = path
        && (resource.as_str(), attributes.as_str()) == ("resource", "attributes")
        && !name.is_empty()
    {
        // A pattern may match a part of a nested value, `user.password`.
        let matches = |redact: &Redact| (1..=name.len()).any(|end| redact.matches(&name[..end].join(".")));
        return match redact {
            Some(redact) if !matches(redact) => Visibility::Shown,
            Some(_) => Visibility::Secret,
            None => Visibility::Hidden,
        };
    }
    match value_type::<Config>(path) {
        Ok(ValueType::Secret) => Visibility::Secret,
        Ok(ValueType::Table | ValueType::Map { .. } | ValueType::TableList) => Visibility::Hidden,
        Ok(_) => Visibility::Shown,
        // A part of a value that should have none.
        Err(_) => match value_type::<Config>(above) {
            Ok(ValueType::Secret) if last == "file" => Visibility::Shown,
            Ok(ValueType::Secret) => Visibility::Secret,
            Ok(ValueType::Table | ValueType::Map { .. } | ValueType::TableList | ValueType::TextOrTable) => {
                Visibility::Hidden
            }
            Ok(_) => Visibility::Shown,
            Err(_) => Visibility::Hidden,
        },
    }
}

/// Returns whether the key at `path` has a name of the user, such as that of a header.
pub(in crate::load) fn is_free_name(path: &[String]) -> bool {
    let above = path.split_last().map_or(&[][..], |(_, above)| above);
    !above.is_empty() && matches!(value_type::<Config>(above), Ok(ValueType::Map { .. }))
}

/// Returns whether the key at `path` is a part of a secret, except `{ file = "…" }`.
pub(in crate::load) fn is_below_secret(path: &[String]) -> bool {
    let is_secret = |length: usize| value_type::<Config>(&path[..length]) == Ok(ValueType::Secret);
    path.last().is_some_and(|key| key != "file") && (1..path.len()).any(is_secret)
}

/// Returns whether the name of a key may be shown.
pub(in crate::load) fn is_plain_key(key: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '"' | '\'');
    key.len() <= 128 && key.chars().all(is_plain)
}

/// Returns a value as it may be shown: without the credentials of a URL. `None` if it may contain
/// another secret.
pub(in crate::load) fn shown_value(written: &str) -> Option<Cow<'_, str>> {
    // What an escape stands for would have to be searched too.
    let has_escapes = ["\\u", "\\U", "\\x"].iter().any(|escape| written.contains(escape));
    if written.contains(['\n', '\r']) || has_escapes || written.contains("PRIVATE KEY") {
        return None;
    }
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''));
    let inner = quote.map_or(written, |_| &written[1..]);
    let (inner, end) = match quote.and_then(|quote| inner.strip_suffix(quote)) {
        Some(inner) => (inner, &written[written.len() - 1..]),
        None => (inner, ""),
    };
    let scheme =
        ["http://", "https://"].into_iter().find(|scheme| inner.starts_with(scheme)).unwrap_or_default();
    let mut rest = Cow::Borrowed(&inner[scheme.len()..]);
    let mut is_changed = false;
    if let Some((_, host)) = rest.rsplit_once('@') {
        rest = Cow::Owned(format!("{MASK}@{host}"));
        is_changed = true;
    }
    let is_url = inner.contains("://");
    if let Some(at) = rest.find(['?', '#']).filter(|at| is_url || rest[*at..].contains('=')) {
        rest = Cow::Owned(format!("{}{MASK}", &rest[..=at]));
        is_changed = true;
    }
    if !is_changed {
        return Some(Cow::Borrowed(written));
    }
    let quote = quote.map(String::from).unwrap_or_default();
    Some(Cow::Owned(format!("{quote}{scheme}{rest}{end}")))
}

/// Returns the beginning of a value with an error in its syntax, up to the first character that
/// could begin something else, such as a password in a URL.
pub(in crate::load) fn shown_beginning(written: &str) -> &str {
    let start = usize::from(written.starts_with(['"', '\'']));
    let is_shown = |(at, c): (usize, char)| match c {
        ':' => {
            let rest = &written[start + at + 1..];
            let port = rest.split('/').next().unwrap_or_default();
            rest.starts_with("//") || (!port.is_empty() && port.chars().all(|c| c.is_ascii_digit()))
        }
        _ => c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '%'),
    };
    let mut characters = written[start..].char_indices();
    let end = characters.find(|character| !is_shown(*character)).map_or(written.len(), |(at, _)| start + at);
    &written[..end]
}

/// Masks a secret. References to variables remain.
pub(in crate::load) fn masked(written: &str) -> String {
    let quote =
        written.chars().next().filter(|c| matches!(c, '"' | '\'')).map(String::from).unwrap_or_default();
    let mut references = String::new();
    let mut rest = written;
    while let Some(at) = rest.find("${") {
        let is_escaped = rest[..at].ends_with('$');
        let name = rest[at + 2..].split('}').next().unwrap_or_default();
        let is_name = !name.is_empty()
            && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        if !is_escaped && is_name && rest[at + 2 + name.len()..].starts_with('}') {
            references.push_str(&rest[at..at + name.len() + 3]);
        }
        rest = &rest[at + 2..];
    }
    format!("{quote}{MASK}{references}{quote}")
}
