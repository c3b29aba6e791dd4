//! Rules for redacted keys.

use super::rule_violation::{RuleViolation, Severity};
use crate::config::{Config, Pattern};

/// Attributes with the names of headers, which are in lower case.
const HEADERS: [&str; 2] = ["http.request.header.", "http.response.header."];

/// Warns about patterns that never match.
pub(super) fn check(config: &Config, found: &mut Vec<RuleViolation>) {
    let keys = &config.redact.keys;
    for (index, pattern) in keys.iter().enumerate() {
        if let Some((reason, help)) = never_matches(pattern).or_else(|| is_covered(keys, index)) {
            let text = pattern.to_string();
            let violation = RuleViolation::of_entry("redact.keys", &text, format!("\"{text}\" {reason}"));
            found.push(RuleViolation { severity: Severity::Warning, ..violation }.with_help(help));
        }
    }
}

/// Returns the reason why a pattern never matches, and help.
fn never_matches(pattern: &Pattern) -> Option<(String, String)> {
    let text = pattern.to_string();
    if text.trim() != text {
        let reason = "begins or ends with a space, so it matches no key";
        return Some((reason.into(), format!("write \"{}\"", text.trim())));
    }
    if text == "service.name" {
        let reason = "is never redacted, because it identifies the service";
        return Some((reason.into(), "remove this key".into()));
    }
    let is_header = HEADERS.iter().any(|prefix| text.starts_with(prefix));
    if is_header && text.contains(|c: char| c.is_ascii_uppercase()) {
        let reason = "matches no header: attributes contain the names of headers in lower case";
        return Some((reason.into(), format!("write \"{}\"", text.to_ascii_lowercase())));
    }
    None
}

/// Returns the reason why a pattern has no effect beside the other ones, and help.
fn is_covered(keys: &[Pattern], index: usize) -> Option<(String, String)> {
    let pattern = &keys[index];
    let covers = |(other_index, other): &(usize, &Pattern)| {
        // Of equal patterns, the first one counts.
        *other_index != index && other.covers(pattern) && (*other_index < index || !pattern.covers(other))
    };
    let (_, other) = keys.iter().enumerate().find(covers)?;
    Some((format!("has no effect beside \"{other}\""), "remove one of them".into()))
}
