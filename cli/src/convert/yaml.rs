//! YAML in block style.

use std::fmt::Write as _;

use serde_json::Value;

/// A part of a YAML text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Yaml {
    /// No value.
    Nothing,
    /// A scalar as it is written.
    Scalar(String),
    List(Vec<Self>),
    Mapping(Vec<(String, Self)>),
}

impl Yaml {
    pub(super) fn text(text: &str) -> Self {
        Self::Scalar(Value::from(text).to_string())
    }

    pub(super) fn mapping(key: &str, value: Self) -> Self {
        Self::Mapping(vec![(key.to_owned(), value)])
    }

    /// Adds an entry to a mapping.
    pub(super) fn push(&mut self, key: &str, value: Self) {
        if let Self::Mapping(entries) = self {
            entries.push((key.to_owned(), value));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::List(items) => items.is_empty(),
            Self::Mapping(entries) => entries.is_empty(),
            Self::Nothing | Self::Scalar(_) => false,
        }
    }

    /// Returns the entry at `key`, which is created as an empty mapping.
    pub(super) fn entry(&mut self, key: &str) -> &mut Self {
        if !matches!(self, Self::Mapping(_)) {
            *self = Self::Mapping(Vec::new());
        }
        let Self::Mapping(entries) = self else { return self };
        let index = entries.iter().position(|(known, _)| known == key).unwrap_or_else(|| {
            entries.push((key.to_owned(), Self::Mapping(Vec::new())));
            entries.len() - 1
        });
        &mut entries[index].1
    }

    /// Sets the value at a path of keys.
    pub(super) fn set(&mut self, path: &[&str], value: Self) {
        let at = path.iter().fold(self, |node, key| node.entry(key));
        *at = value;
    }

    /// Converts a value of JSON. Empty mappings become nothing, as markers are written.
    pub(super) fn from_json(value: &Value) -> Self {
        match value {
            Value::Array(items) => Self::List(items.iter().map(Self::from_json).collect()),
            Value::Object(table) if table.is_empty() => Self::Nothing,
            Value::Object(table) => Self::Mapping(
                table.iter().map(|(key, value)| (key.clone(), Self::from_json(value))).collect(),
            ),
            Value::Null => Self::Nothing,
            scalar => Self::Scalar(scalar.to_string()),
        }
    }

    /// Writes the value after its key or dash.
    pub(super) fn write(&self, indent: usize, out: &mut String) {
        match self {
            Self::Nothing => out.push('\n'),
            Self::Scalar(text) => {
                let _ = writeln!(out, " {text}");
            }
            Self::List(items) if items.is_empty() => out.push_str(" []\n"),
            Self::Mapping(entries) if entries.is_empty() => out.push_str(" {}\n"),
            Self::List(items) => {
                out.push('\n');
                for item in items {
                    let _ = write!(out, "{:indent$}-", "");
                    item.write_item(indent + 2, out);
                }
            }
            Self::Mapping(entries) => {
                out.push('\n');
                for (key, value) in entries {
                    let _ = write!(out, "{:indent$}{}:", "", key_text(key));
                    value.write(indent + 2, out);
                }
            }
        }
    }

    /// Writes an item of a list. The first key of a mapping follows the dash.
    fn write_item(&self, indent: usize, out: &mut String) {
        let mut text = String::new();
        self.write(indent, &mut text);
        match self {
            Self::Mapping(entries) if !entries.is_empty() => {
                out.push(' ');
                out.push_str(text.trim_start());
            }
            _ => out.push_str(&text),
        }
    }
}

fn key_text(key: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.' | '-');
    let starts_well = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if starts_well && key.chars().all(is_plain) { key.to_owned() } else { Value::from(key).to_string() }
}
