//! Tables whose keys fall back to those of a more general table.

/// A value that may be absent and is then taken from a more general place.
pub(super) trait Inherit {
    /// Returns `self`, with what is absent taken from `general`.
    fn inherit(&self, general: &Self) -> Self;
}

impl<T: Clone> Inherit for Option<T> {
    fn inherit(&self, general: &Self) -> Self {
        self.as_ref().or(general.as_ref()).cloned()
    }
}

/// Declares a table that inherits key by key.
macro_rules! inheriting_table {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(default, deny_unknown_fields)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)+
        }

        impl Inherit for $name {
            fn inherit(&self, general: &Self) -> Self {
                Self { $($field: self.$field.inherit(&general.$field),)+ }
            }
        }
    };
}
pub(super) use inheriting_table;
