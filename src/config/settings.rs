//! A configuration, and the settings from the environment that are not keys.

use super::{Config, Proxies};

/// The input of pipelines and connectivity checks.
#[derive(Debug)]
pub(crate) struct Settings {
    /// On the heap, since each function on the way would copy it otherwise.
    pub(crate) config: Box<Config>,
    /// The proxies from the environment.
    pub(crate) proxies: Proxies,
    /// True if the environment disables color: `NO_COLOR` is set, or `TERM` is `dumb`.
    pub(crate) no_color: bool,
}
