//! `[traces]`

use serde::{Deserialize, Serialize};

use super::{
    batch::SpanBatch,
    exporter_name::ExporterList,
    limits::SpanLimits,
    scope::ScopeRule,
    value::{number::SamplingRatio, string_enum},
};

/// Sampling and export of spans.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Traces {
    /// Any of `otlp`, `console`, `otlp_file`, `otlp/stdout` and the names in `[exporters]`; `[]`
    /// exports nothing. Default: `otlp` if an OTLP endpoint is set, otherwise none.
    pub(crate) exporters: Option<ExporterList>,

    /// The sampler. The `parentbased_` samplers follow the decision of the caller if there is one.
    pub(crate) sampler: Sampler,

    /// The ratio of traces that the `traceidratio` samplers keep, from 0 to 1. Default: 1.
    #[cfg_attr(feature = "schema", schemars(extend("default" = 1.0)))]
    pub(crate) sampler_arg: Option<SamplingRatio>,

    /// Batching of spans.
    pub(crate) batch: SpanBatch,

    /// Limits for the size of a span.
    pub(crate) limits: SpanLimits,

    /// Rules for single tracers and targets of `tracing`: `enabled = false` disables one. A
    /// disabled target creates no spans; the spans inside attach to the next outer one. The spans
    /// of a disabled tracer are not exported, but remain the parents of those inside.
    pub(crate) scopes: Vec<ScopeRule>,
}

impl Default for Traces {
    fn default() -> Self {
        Self {
            exporters: None,
            sampler: Sampler::ParentBasedAlwaysOn,
            sampler_arg: None,
            batch: SpanBatch::default(),
            limits: SpanLimits::default(),
            scopes: Vec::new(),
        }
    }
}

impl Traces {
    /// Returns the ratio of traces that the `traceidratio` samplers keep.
    #[must_use]
    pub(crate) fn sampling_ratio(&self) -> SamplingRatio {
        self.sampler_arg.unwrap_or(SamplingRatio::ONE)
    }
}

string_enum! {
    /// A sampler, by its name in the specification.
    pub(crate) enum Sampler {
        /// Every trace.
        AlwaysOn = "always_on",
        /// No trace.
        AlwaysOff = "always_off",
        /// A ratio of all traces.
        TraceIdRatio = "traceidratio",
        /// The decision of the caller, or every trace without one.
        ParentBasedAlwaysOn = "parentbased_always_on",
        /// The decision of the caller, or no trace without one.
        ParentBasedAlwaysOff = "parentbased_always_off",
        /// The decision of the caller, or a ratio of all traces without one.
        ParentBasedTraceIdRatio = "parentbased_traceidratio",
    }
}

impl Sampler {
    /// Returns whether the sampler uses `sampler_arg`.
    #[must_use]
    pub(crate) fn takes_ratio(self) -> bool {
        matches!(self, Self::TraceIdRatio | Self::ParentBasedTraceIdRatio)
    }
}
