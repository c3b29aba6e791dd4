//! A sampler whose strategy a Jaeger server sends.

use serde::{Deserialize, Serialize};

use crate::config::value::{
    duration::{Interval, at_least},
    endpoint::Endpoint,
};

/// A sampler whose strategy a server sends. `S` is the type of samplers.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, bound(deserialize = "S: Deserialize<'de>"))]
pub(crate) struct JaegerRemote<S> {
    /// The URL of the server: Jaeger, or the Collector's extension `jaegerremotesampling`. To a URL
    /// without a path, `/api/sampling` is appended.
    pub(crate) endpoint: Endpoint,

    /// The time between two requests, at least 100 ms.
    #[serde(default = "default_interval", deserialize_with = "at_least::<100, _, _>")]
    pub(crate) interval: Interval,

    /// The sampler until the server has sent its strategy.
    pub(crate) initial_sampler: S,
}

const fn default_interval() -> Interval {
    Interval::from_millis(60_000)
}

impl<S> JaegerRemote<S> {
    /// Returns the URL to ask.
    pub(crate) fn url(&self) -> Endpoint {
        if self.endpoint.has_path() { self.endpoint.clone() } else { self.endpoint.join("api/sampling") }
    }
}
