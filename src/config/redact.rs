//! `[redact]`: attributes whose values must not leave the program.

use serde::{Deserialize, Serialize};

use super::value::{pattern::Pattern, string_enum};

/// Removal of secrets and personal data.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Redact {
    /// The keys of the attributes to redact, case-sensitive. `*` and `?` are wildcards:
    /// `"*.password"`, `"http.request.header.authorization"`. They apply to spans, events, links,
    /// log records and the resource, for every exporter. They do not apply to bodies of log
    /// records, names, scopes, metric attributes and `service.name`. In a nested value, the keys
    /// are joined by dots: `"user.password"`. `explain` masks the values of such attributes of the
    /// resource.
    pub(crate) keys: Vec<Pattern>,

    /// `mask`: the value becomes `***`; `drop`: the attribute is removed; `hash`: the value becomes
    /// its SHA-256 in hexadecimal digits. Equal values have equal hashes in all programs. A hash
    /// hides no value that can be guessed, such as a phone number.
    pub(crate) action: RedactAction,
}

impl Default for Redact {
    fn default() -> Self {
        Self { keys: Vec::new(), action: RedactAction::Mask }
    }
}

impl Redact {
    /// Returns whether the value of an attribute must not be visible.
    pub(crate) fn matches(&self, key: &str) -> bool {
        self.keys.iter().any(|pattern| pattern.matches(key))
    }
}

string_enum! {
    /// The treatment of an attribute.
    pub(crate) enum RedactAction {
        /// The value becomes `***`.
        Mask = "mask",
        /// The attribute is removed.
        Drop = "drop",
        /// The value becomes its SHA-256.
        Hash = "hash",
    }
}
