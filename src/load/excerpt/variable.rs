//! Variables, as a report shows them.

use super::visibility::{Visibility, masked, shown_value, visibility};
use crate::{
    config::{
        Redact,
        key_path::{KeyPath, key_path},
    },
    error::Excerpt,
    load::{autotel_env, environment::Environment, otel_env},
    text::{end_within, escape_controls},
};

/// The number of characters that are shown of a value.
const MAX_VALUE: usize = 80;

/// Returns `NAME=value` for a variable. The value is masked or hidden like that of its key.
pub(super) fn excerpt(name: &str, environment: &Environment, redact: Option<&Redact>) -> Option<Excerpt> {
    let value = environment.get(name)?;
    let shown = match visibility_of(name, redact) {
        Visibility::Shown => shown_value(value).map(std::borrow::Cow::into_owned),
        Visibility::Secret => Some(masked("")),
        Visibility::Hidden => None,
    };
    let mut shown = shown.map_or_else(|| "…".to_owned(), |value| escape_controls(&value));
    if let Some(end) = end_within(&shown, MAX_VALUE) {
        shown.truncate(end);
        shown.push('…');
    }
    let text = format!("{}={shown}", escape_controls(name));
    let value = text.len() - shown.len()..text.len();
    // The name of an unknown variable is the problem.
    let mark = if shown == "…" { 0..value.start - 1 } else { value };
    Some(Excerpt::new(text, mark, None))
}

fn visibility_of(name: &str, redact: Option<&Redact>) -> Visibility {
    let path: KeyPath = match name {
        "AUTOTEL_PROFILE" | "AUTOTEL_CONFIG" | "OTEL_CONFIG_FILE" | "OTEL_EXPERIMENTAL_CONFIG_FILE" => {
            return Visibility::Shown;
        }
        _ => match autotel_env::key(name).or_else(|| otel_env::key(name).map(key_path)) {
            Some(path) => path,
            None => return Visibility::Hidden,
        },
    };
    match visibility(&path, redact) {
        // A map of secrets is `name=value,name=value`.
        Visibility::Hidden if path.last().is_some_and(|key| key == "headers") => Visibility::Secret,
        visibility => visibility,
    }
}
