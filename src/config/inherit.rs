//! Tables whose keys fall back to those of a more general table.

/// A value or table that falls back to a more general one.
pub(super) trait Inherit {
    /// Returns `self`, with absent values taken from `general`.
    fn inherit(&self, general: &Self) -> Self;
}

impl<T: Clone> Inherit for Option<T> {
    fn inherit(&self, general: &Self) -> Self {
        self.as_ref().or(general.as_ref()).cloned()
    }
}

/// Declares a table that inherits key by key.
macro_rules! inheriting_table {
    ($(#[$meta:meta])* pub(crate) struct $name:ident { $($(#[$field_meta:meta])* pub(crate) $field:ident: $type:ty,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(default, deny_unknown_fields)]
        pub(crate) struct $name {
            $($(#[$field_meta])* pub(crate) $field: $type,)+
        }

        impl Inherit for $name {
            fn inherit(&self, general: &Self) -> Self {
                Self { $($field: self.$field.inherit(&general.$field),)+ }
            }
        }
    };
}
pub(super) use inheriting_table;
