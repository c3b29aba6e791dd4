//! `[diagnostics]`: what telemetry says about itself.

use serde::{Deserialize, Serialize};

use super::level::Level;

/// What this library and the OpenTelemetry crates say about themselves, on standard error. It is never exported.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Diagnostics {
    /// The least severe level that is shown: `off`, `error` (telemetry was lost), `warn`, `info`, `debug` or `trace`.
    pub level: Level,
}

impl Default for Diagnostics {
    fn default() -> Self {
        Self { level: Level::Info }
    }
}
