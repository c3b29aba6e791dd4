//! Names that Prometheus did not accept before version 3.
//!
//! The rules are those of "Escaping schemes" in the documentation of Prometheus.

use std::{borrow::Cow, fmt::Write as _};

use super::page_format::Escaping;

/// The kind of a name, which decides whether it can have a `:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameKind {
    Metric,
    Label,
}

impl NameKind {
    /// Returns whether every version of Prometheus accepts a name without quotes.
    pub(super) fn is_legal(self, name: &str) -> bool {
        let is_legal = |byte: &u8| self.is_legal_byte(*byte);
        let bytes = name.as_bytes();
        bytes.first().is_some_and(|first| !first.is_ascii_digit()) && bytes.iter().all(is_legal)
    }

    fn is_legal_character(self, c: char, at: usize) -> bool {
        u8::try_from(c).is_ok_and(|byte| self.is_legal_byte(byte)) && (at > 0 || !c.is_ascii_digit())
    }

    fn is_legal_byte(self, byte: u8) -> bool {
        byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':' && self == Self::Metric
    }
}

impl Escaping {
    /// Returns a name as the client requests it.
    pub(super) fn escape(self, name: &str, kind: NameKind) -> Cow<'_, str> {
        // `_` is legal, and one of the schemes escapes it.
        if self == Self::AllowUtf8 || self != Self::Dots && kind.is_legal(name) {
            return name.into();
        }
        let mut escaped = String::with_capacity(name.len() + 8);
        if self == Self::Values {
            escaped.push_str("U__");
        }
        for (at, c) in name.chars().enumerate() {
            match (self, c) {
                (Self::Dots, '.') => escaped.push_str("_dot_"),
                (Self::Dots | Self::Values, '_') => escaped.push_str("__"),
                _ if kind.is_legal_character(c, at) => escaped.push(c),
                (Self::Dots, _) => escaped.push_str("__"),
                (Self::Values, _) => {
                    // Writing to a `String` never fails.
                    let _ = write!(escaped, "_{:x}_", u32::from(c));
                }
                _ => escaped.push('_'),
            }
        }
        escaped.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of the tests of Prometheus, and some more.
    #[test]
    fn names_are_escaped_like_in_prometheus() {
        for (name, underscores, dots, values) in [
            ("no:escaping_required", "no:escaping_required", "no:escaping__required", "no:escaping_required"),
            ("http.status:sum", "http_status:sum", "http_dot_status:sum", "U__http_2e_status:sum"),
            ("cpu.load_total", "cpu_load_total", "cpu_dot_load__total", "U__cpu_2e_load__total"),
            ("label with 😱", "label_with__", "label__with____", "U__label_20_with_20__1f631_"),
            ("花火", "__", "____", "U___82b1__706b_"),
            ("5xx", "_xx", "__xx", "U___35_xx"),
            ("a", "a", "a", "a"),
        ] {
            for (escaping, expected) in [
                (Escaping::Underscores, underscores),
                (Escaping::Dots, dots),
                (Escaping::Values, values),
                (Escaping::AllowUtf8, name),
            ] {
                assert_eq!(escaping.escape(name, NameKind::Metric), expected, "{name} {escaping:?}");
            }
        }
        assert_eq!(Escaping::Underscores.escape("a:b", NameKind::Label), "a_b");
    }
}
