//! Names of labels.

use std::borrow::Cow;

use super::{
    escape::{push_label_name, without_zeros},
    escaping::NameKind,
    page_format::Escaping,
};

/// The label that holds the name of a metric in Prometheus.
const METRIC_NAME: &str = "__name__";

/// Translates the keys of attributes.
#[derive(Debug, Clone, Copy)]
pub(super) struct LabelNamer {
    /// Keys keep all characters, unless the client requests otherwise.
    pub(super) is_utf8: bool,
    pub(super) escaping: Escaping,
}

impl LabelNamer {
    /// Returns a label name that Prometheus accepts.
    pub(super) fn name(self, key: &str) -> Cow<'_, str> {
        let Self { is_utf8, escaping } = self;
        if !is_utf8 && escaping != Escaping::Dots {
            // Such a name needs no escaping.
            return label_name(key);
        }
        let translated = if is_utf8 && !key.is_empty() { without_zeros(key) } else { label_name(key) };
        let name = match translated {
            Cow::Borrowed(name) => escaping.escape(name, NameKind::Label),
            Cow::Owned(name) => escaping.escape(&name, NameKind::Label).into_owned().into(),
        };
        if name == METRIC_NAME { label_name(METRIC_NAME).into_owned().into() } else { name }
    }
}

/// Returns a label name that every version of Prometheus accepts.
///
/// The rules are those of the specification, `Prometheus and OpenMetrics Compatibility`: characters
/// that are not allowed become `_`, and consecutive `_` become one. The latter also changes
/// `__name__` and other names that Prometheus reserves.
pub(super) fn label_name(key: &str) -> Cow<'_, str> {
    if is_legal(key) {
        return key.into();
    }
    let mut name = String::with_capacity(key.len() + 4);
    if key.starts_with(|c: char| c.is_ascii_digit()) {
        // As in the Collector and in the OTLP receiver of Prometheus.
        name.push_str("key_");
    }
    push_label_name(&mut name, key);
    if name.is_empty() {
        name.push('_');
    }
    name.into()
}

fn is_legal(name: &str) -> bool {
    NameKind::Label.is_legal(name) && !name.contains("__")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_key_becomes_a_legal_name() {
        for (key, name) in [
            ("payment", "payment"),
            ("http.method", "http_method"),
            ("aws:region", "aws_region"),
            ("5xx", "key_5xx"),
            ("", "_"),
            ("__name__", "_name_"),
            ("__meta_x", "_meta_x"),
            ("страна", "_"),
            ("größe", "gr_e"),
            ("_x", "_x"),
            ("a__b", "a_b"),
            ("a\0\n\"b", "a_b"),
            ("७", "_"),
        ] {
            assert_eq!(label_name(key), name, "{key}");
            assert!(is_legal(&label_name(key)), "{key}");
        }
    }

    #[test]
    fn keys_follow_strategy_and_request() {
        for (key, underscores, dots, values, utf8) in [
            ("http.method", "http_method", "http_dot_method", "U__http_2e_method", "http.method"),
            ("a..b", "a__b", "a_dot__dot_b", "U__a_2e__2e_b", "a..b"),
            ("aws:region", "aws_region", "aws__region", "U__aws_3a_region", "aws:region"),
            ("__name__", "_name_", "____name____", "_name_", "_name_"),
            ("_name_", "_name_", "_name_", "_name_", "_name_"),
            ("..name..", "_name_", "_dot__dot_name_dot__dot_", "U___2e__2e_name_2e__2e_", "..name.."),
            ("", "_", "__", "_", "_"),
        ] {
            for (escaping, expected) in [
                (Escaping::Underscores, underscores),
                (Escaping::Dots, dots),
                (Escaping::Values, values),
                (Escaping::AllowUtf8, utf8),
            ] {
                let namer = LabelNamer { is_utf8: true, escaping };
                assert_eq!(namer.name(key), expected, "{key} {escaping:?}");
            }
        }
        let namer = LabelNamer { is_utf8: false, escaping: Escaping::Dots };
        assert_eq!(namer.name("http.method"), "http__method");
    }
}
