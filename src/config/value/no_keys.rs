//! Tables without keys.

use serde::{Deserialize, Serialize};

/// A table that has no keys, such as the arguments of a sampler that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct NoKeys {}
