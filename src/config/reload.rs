//! `[reload]`: changes of the file while the program runs.

use serde::{Deserialize, Serialize};

use super::value::duration::{Interval, at_least};

/// Changes of the configuration file while the program runs. A file with problems changes nothing.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Reload {
    /// Reads the configuration again when its file changes, or a file that it names: with a secret,
    /// a certificate or a key.
    pub(crate) watch: bool,

    /// The time between two looks at the files, at least 1 s. A change is applied if the file is
    /// the same 200 ms later.
    #[serde(deserialize_with = "at_least::<1000, _, _>")]
    pub(crate) interval: Interval,
}

impl Default for Reload {
    fn default() -> Self {
        Self { watch: false, interval: Interval::from_millis(10_000) }
    }
}
