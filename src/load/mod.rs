//! Reads all sources of values and returns one validated [`Config`](crate::config::Config).
//!
//! Nothing else reads files or the environment. Sources become [layers](layer), the weakest first:
//! code, the file, its profile, `OTEL_*`, `AUTOTEL_*`, and values that are forced in code. A
//! [declarative file](declarative) replaces the file and the variables.

mod autotel_env;
mod bounded_file;
mod changes;
mod check;
mod code;
#[cfg(feature = "declarative")]
mod declarative;
#[cfg(feature = "declarative")]
mod declared_sources;
mod decoded;
mod detect;
mod effective_values;
mod environment;
#[cfg(feature = "report")]
mod excerpt;
pub(crate) mod explain;
mod file;
mod file_text;
mod first_read;
mod gathered;
mod layer;
mod layer_source;
mod loaded;
mod locate;
mod merge;
mod otel_env;
mod outline;
mod overridden;
#[cfg(feature = "report")]
pub(crate) mod overview;
mod parse;
mod percent_pairs;
mod platform;
mod proxy_env;
mod references;
mod refusal;
#[cfg(feature = "schema")]
pub(crate) mod schema;
mod search;
mod sources;
mod stop;
mod substitute;
mod syntax;
#[cfg(test)]
mod tests;
mod unused;
mod value_tree;
mod value_type;
mod values;
mod variant;
mod walk;

pub use self::changes::Change;
pub(crate) use self::{
    bounded_file::read_file,
    changes::changes,
    code::{CodeKey, CodeValue, CodeValueKind},
    environment::Environment,
    loaded::Loaded,
    sources::Sources,
};
