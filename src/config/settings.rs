//! A configuration, and the habits of the environment that are no keys.

use super::{Config, Proxies};

/// Everything that pipelines and connectivity checks are built from.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) config: Config,
    /// The proxies that the environment names.
    pub(crate) proxies: Proxies,
    /// Whether `NO_COLOR` is set.
    pub(crate) no_color: bool,
}
