//! The types of values.

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueType {
    Table,
    /// A table whose entries can have any name.
    Map {
        /// Their names are the same in upper and lower case.
        ignores_case: bool,
    },
    List,
    /// A list whose entries are tables.
    TableList,
    /// A name, or a table whose keys depend on its content. Layers replace it as a whole.
    TextOrTable,
    Boolean,
    Integer,
    Float,
    Text,
    /// A text that is never printed and that `{ file = "…" }` may replace.
    Secret,
    /// The path of a file, relative to the file that names it.
    Path,
    /// A name that is the same in upper and lower case.
    CaselessText,
}
