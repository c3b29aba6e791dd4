//! The serde implementations of types that are written as text.

/// Reads a [`ConfigValue`] type from a string, and writes it as its `Display` does.
macro_rules! string_value {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        crate::config::value::has_schema!($type, crate::config::value::schema::text::<$type>());

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::config::value::deserialize(deserializer)
            }
        }
    };
}
pub(crate) use string_value;
