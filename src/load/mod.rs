//! From the places where values are written to one validated [`Config`].
//!
//! The only reader of files and of the environment. Sources become [layers](layers), the weakest first: code, the file,
//! its profile, `OTEL_*`, `AUTOTEL_*`, and what the program forces.

mod autotel_env;
mod code;
mod environment;
pub(crate) mod explain;
mod file;
mod layer;
mod locate;
mod otel_env;
mod proxy_env;
#[cfg(feature = "schema")]
pub(crate) mod schema;
mod sources;
mod substitute;
mod value_type;

use std::{panic::Location, path::PathBuf};

pub(crate) use self::{environment::Environment, sources::Loaded};

use crate::{
    config::{AttributeValue, key_path::KeyPath},
    error::Origin,
};

/// A value that the program sets.
#[derive(Clone)]
pub(crate) struct CodeValue {
    pub(crate) key: CodeKey,
    pub(crate) value: CodeValueKind,
    pub(crate) location: &'static Location<'static>,
}

#[derive(Clone)]
pub(crate) enum CodeKey {
    /// Known to the library.
    Path(KeyPath),
    /// Written by the caller, as a dotted key of TOML.
    Dotted(String),
}

#[derive(Clone)]
pub(crate) enum CodeValueKind {
    /// Read by the rules of the key.
    Text(String),
    /// An attribute, whose kind is the caller's.
    Attribute(AttributeValue),
}

/// Everything that a configuration is made of.
#[derive(Default)]
pub(crate) struct Sources {
    pub(crate) settings: Vec<CodeValue>,
    pub(crate) forced: Vec<CodeValue>,
    pub(crate) config_file: Option<PathBuf>,
    /// No file is looked for.
    pub(crate) only_named_file: bool,
    pub(crate) profile: Option<(String, Origin)>,
    pub(crate) environment: Option<Environment>,
    /// The program asked for the Prometheus exporter without naming exporters.
    pub(crate) prometheus: bool,
}

/// The variables that set the key at `path`, the strongest last.
#[cfg(feature = "schema")]
pub(crate) fn variables_that_set(path: &[String]) -> Vec<String> {
    let key = path.join(".");
    let standard = otel_env::variables_that_set(&key).map(str::to_owned);
    // The choice of the profile has a variable of its own.
    let own = if path == ["profile"] { "AUTOTEL_PROFILE".to_owned() } else { autotel_env::name(path) };
    standard.chain([own]).collect()
}
