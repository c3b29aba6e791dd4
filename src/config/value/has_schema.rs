//! The JSON Schema of a type, if the feature `schema` is enabled.

/// Describes a type by the schema that an expression returns.
macro_rules! has_schema {
    ($type:ty, $schema:expr) => {
        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $schema
            }
        }
    };
}
pub(crate) use has_schema;
