//! Values of resource attributes.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{ParseError, has_schema};

/// The value of a resource attribute: a string, boolean, integer, float, or an array of one of these
/// types.
///
/// See the specification, "Attribute".
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum AttributeValue {
    /// A string.
    String(String),
    /// A boolean.
    Bool(bool),
    /// An integer.
    I64(i64),
    /// A floating-point number.
    F64(f64),
    /// Strings.
    StringArray(Vec<String>),
    /// Booleans.
    BoolArray(Vec<bool>),
    /// Integers.
    I64Array(Vec<i64>),
    /// Floating-point numbers.
    F64Array(Vec<f64>),
}

has_schema!(
    AttributeValue,
    schemars::json_schema!({ "anyOf": [
        { "type": ["string", "boolean", "integer", "number"] },
        { "type": "array", "items": { "type": "string" } },
        { "type": "array", "items": { "type": "boolean" } },
        { "type": "array", "items": { "type": "number" } },
    ] })
);

macro_rules! attribute_from {
    ($($type:ty => |$value:ident| $make:expr),+ $(,)?) => {
        $(impl From<$type> for AttributeValue {
            fn from($value: $type) -> Self {
                $make
            }
        })+
    };
}

attribute_from! {
    &str => |value| Self::String(value.to_owned()),
    String => |value| Self::String(value),
    bool => |value| Self::Bool(value),
    i32 => |value| Self::I64(value.into()),
    u32 => |value| Self::I64(value.into()),
    i64 => |value| Self::I64(value),
    f64 => |value| Self::F64(value),
    Vec<String> => |value| Self::StringArray(value),
    Vec<bool> => |value| Self::BoolArray(value),
    Vec<i64> => |value| Self::I64Array(value),
    Vec<f64> => |value| Self::F64Array(value),
}

impl<'de> Deserialize<'de> for AttributeValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = AttributeValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, boolean, number, or an array of one of these types")
            }

            fn visit_str<E>(self, value: &str) -> Result<AttributeValue, E> {
                Ok(value.into())
            }

            fn visit_bool<E>(self, value: bool) -> Result<AttributeValue, E> {
                Ok(value.into())
            }

            fn visit_i64<E>(self, value: i64) -> Result<AttributeValue, E> {
                Ok(value.into())
            }

            fn visit_f64<E>(self, value: f64) -> Result<AttributeValue, E> {
                Ok(value.into())
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<AttributeValue, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = seq.next_element::<AttributeValue>()? {
                    values.push(value);
                }
                array(values).ok_or_else(|| {
                    de::Error::custom(ParseError::new(
                        "an array must contain values of one type and no arrays",
                    ))
                })
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

fn array(values: Vec<AttributeValue>) -> Option<AttributeValue> {
    fn all<T>(values: Vec<AttributeValue>, one: impl Fn(AttributeValue) -> Option<T>) -> Option<Vec<T>> {
        values.into_iter().map(one).collect()
    }
    use AttributeValue as A;
    match values.first() {
        Some(A::Bool(_)) => {
            all(values, |v| if let A::Bool(v) = v { Some(v) } else { None }).map(A::BoolArray)
        }
        Some(A::I64(_)) => all(values, |v| if let A::I64(v) = v { Some(v) } else { None }).map(A::I64Array),
        Some(A::F64(_)) => all(values, |v| if let A::F64(v) = v { Some(v) } else { None }).map(A::F64Array),
        _ => all(values, |v| if let A::String(v) = v { Some(v) } else { None }).map(A::StringArray),
    }
}
