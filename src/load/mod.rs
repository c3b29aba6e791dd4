//! From the places where values are written to one validated [`Config`](crate::config::Config).
//!
//! The only reader of files and of the environment. Sources become [layers](layer), the weakest
//! first: code, the file, its profile, `OTEL_*`, `AUTOTEL_*`, and what the program forces.

mod autotel_env;
mod code;
mod environment;
pub(crate) mod explain;
mod file;
mod file_text;
mod layer;
mod locate;
mod merge;
mod otel_env;
mod proxy_env;
mod references;
#[cfg(feature = "schema")]
pub(crate) mod schema;
mod search;
mod sources;
mod substitute;
#[cfg(test)]
mod tests;
mod value_type;
mod values;

pub(crate) use self::{
    code::{CodeKey, CodeValue, CodeValueKind},
    environment::Environment,
    sources::{Loaded, Sources},
};
