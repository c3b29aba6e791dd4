//! Values of resource attributes.

/// The value of a resource attribute: a string, boolean, integer, float, or an array of one of
/// these types.
///
/// See the specification, "Attribute".
#[derive(Debug, Clone, PartialEq)]
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
