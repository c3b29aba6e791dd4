//! A configuration, and the settings from the environment that are not keys.

use super::{Config, Proxies};

/// The input of pipelines and connectivity checks.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) config: Config,
    /// The proxies from the environment.
    pub(crate) proxies: Proxies,
    /// The presence of the variable `NO_COLOR`.
    pub(crate) no_color: bool,
}
