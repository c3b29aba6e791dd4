//! The declarative configuration of OpenTelemetry: a YAML file, which `OTEL_CONFIG_FILE` names.
//!
//! A text becomes a [tree](node), whose references to variables are replaced. The tree is
//! [checked](judge) against a [table] of all nodes of the schema, and its [meaning] is a layer of
//! the same keys as in `autotelemetry.toml`.

mod extensions;
mod fault;
mod file_format;
mod ignored;
mod judge;
mod meaning;
mod node;
mod node_type;
mod parse;
mod read;
mod scalar;
#[cfg(feature = "report")]
mod shown;
mod table;
#[cfg(test)]
mod tests;
mod variables;
mod writer;
mod written_keys;

#[cfg(feature = "report")]
pub(super) use self::shown::shown;
pub(super) use self::{
    read::{Declared, from_text, text},
    written_keys::WrittenKeys,
};
