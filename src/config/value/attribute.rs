//! Resource attributes in the configuration.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{ParseError, attribute_value::AttributeValue, has_schema};

/// The value of a resource attribute. [`AttributeValue`] has no serde implementations itself: they
/// would be part of the public API.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Attribute(pub(crate) AttributeValue);

has_schema!(
    Attribute,
    schemars::json_schema!({ "anyOf": [
        { "type": ["string", "boolean", "integer", "number"] },
        { "type": "array", "items": { "type": "string" } },
        { "type": "array", "items": { "type": "boolean" } },
        { "type": "array", "items": { "type": "number" } },
    ] })
);

impl Serialize for Attribute {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            AttributeValue::String(value) => value.serialize(serializer),
            AttributeValue::Bool(value) => value.serialize(serializer),
            AttributeValue::I64(value) => value.serialize(serializer),
            AttributeValue::F64(value) => value.serialize(serializer),
            AttributeValue::StringArray(values) => values.serialize(serializer),
            AttributeValue::BoolArray(values) => values.serialize(serializer),
            AttributeValue::I64Array(values) => values.serialize(serializer),
            AttributeValue::F64Array(values) => values.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Attribute {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Attribute;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, boolean, number, or an array of one of these types")
            }

            fn visit_str<E>(self, value: &str) -> Result<Attribute, E> {
                Ok(Attribute(value.into()))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Attribute, E> {
                Ok(Attribute(value.into()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Attribute, E> {
                Ok(Attribute(value.into()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Attribute, E> {
                Ok(Attribute(value.into()))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Attribute, A::Error> {
                let mut values = Vec::new();
                while let Some(Attribute(value)) = seq.next_element()? {
                    values.push(value);
                }
                array(values).map(Attribute).ok_or_else(|| {
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
