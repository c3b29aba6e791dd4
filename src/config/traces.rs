//! `[traces]`

use serde::{Deserialize, Serialize};

use super::{
    batch::SpanBatch,
    exporter_name::ExporterList,
    limits::SpanLimits,
    value::{number::SamplingRatio, string_enum},
};

/// Which spans are kept and where they go.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Traces {
    /// Any of `otlp`, `console` and the names of `[exporters]`; `[]` exports nothing. Default: `otlp` once an OTLP
    /// endpoint is set, otherwise nothing.
    pub exporters: Option<ExporterList>,

    /// Which traces are recorded. The `parentbased_` samplers follow the decision of the caller where there is one.
    pub sampler: Sampler,

    /// The share of traces that the `traceidratio` samplers keep, from 0 to 1. Default: 1.
    pub sampler_arg: Option<SamplingRatio>,

    /// How spans are gathered before they are sent.
    pub batch: SpanBatch,

    /// How large a span may become.
    pub limits: SpanLimits,
}

impl Default for Traces {
    fn default() -> Self {
        Self {
            exporters: None,
            sampler: Sampler::ParentBasedAlwaysOn,
            sampler_arg: None,
            batch: SpanBatch::default(),
            limits: SpanLimits::default(),
        }
    }
}

impl Traces {
    /// Returns the share of traces that the `traceidratio` samplers keep.
    #[must_use]
    pub fn sampling_ratio(&self) -> SamplingRatio {
        self.sampler_arg.unwrap_or(SamplingRatio::ONE)
    }
}

string_enum! {
    /// A sampler, by its name in the specification.
    pub enum Sampler {
        /// Every trace.
        AlwaysOn = "always_on",
        /// No trace.
        AlwaysOff = "always_off",
        /// A share of all traces.
        TraceIdRatio = "traceidratio",
        /// As the caller decided, else every trace.
        ParentBasedAlwaysOn = "parentbased_always_on",
        /// As the caller decided, else no trace.
        ParentBasedAlwaysOff = "parentbased_always_off",
        /// As the caller decided, else a share of all traces.
        ParentBasedTraceIdRatio = "parentbased_traceidratio",
    }
}

impl Sampler {
    /// Whether `sampler_arg` means anything to it.
    #[must_use]
    pub fn takes_ratio(self) -> bool {
        matches!(self, Self::TraceIdRatio | Self::ParentBasedTraceIdRatio)
    }
}
