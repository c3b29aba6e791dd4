//! Values that are written as text and parsed by specific rules.
//!
//! Every such type is deserialized through [`ConfigValue`]. The same code therefore checks values
//! from the file and from variables, and reports the same errors.

pub(crate) mod attribute;
pub(crate) mod attribute_value;
pub(crate) mod boundaries;
pub(crate) mod byte_size;
mod config_value;
pub(crate) mod duration;
pub(crate) mod endpoint;
pub(crate) mod file_path;
mod has_schema;
pub(crate) mod header;
pub(crate) mod include_exclude;
pub(crate) mod level_filter;
pub(crate) mod list;
pub(crate) mod listen_host;
pub(crate) mod log_directive;
pub(crate) mod log_filter;
pub(crate) mod metric_prefix;
pub(crate) mod no_keys;
pub(crate) mod number;
pub(crate) mod own_or;
mod parse_error;
pub(crate) mod pattern;
#[cfg(feature = "schema")]
pub(crate) mod schema;
pub(crate) mod string;
mod string_enum;
mod string_value;
mod unreplaced_reference;
pub(crate) mod word;

pub(crate) use self::{
    config_value::{ConfigValue, deserialize, newtype_name},
    has_schema::has_schema,
    parse_error::ParseError,
    string_enum::{string_enum, word_enum},
    string_value::string_value,
    unreplaced_reference::unreplaced_reference,
};
