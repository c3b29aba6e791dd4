//! The values of a source, as a tree.

use std::collections::BTreeMap;

/// A table of the file, and everything that is built like one.
pub(super) type Table = BTreeMap<String, Value>;

/// A value of any type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Boolean(bool),
    Integer(i64),
    Float(f64),
    String(String),
    List(Vec<Value>),
    Table(Table),
}

impl Value {
    /// Returns the text of a string.
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

macro_rules! value_from {
    ($($variant:ident($type:ty);)+) => {
        $(impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(value)
            }
        })+
    };
}

value_from! {
    Boolean(bool);
    Integer(i64);
    Float(f64);
    String(String);
    Table(Table);
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}
