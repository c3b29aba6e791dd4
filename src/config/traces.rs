//! `[traces]`

use serde::{Deserialize, Serialize};

use super::{
    batch::SpanBatch,
    exporter_name::ExporterList,
    limits::SpanLimits,
    sampler::{Sampler, SamplerName},
    scope::ScopeRule,
    value::{number::SamplingRatio, pattern::Pattern},
};

/// Sampling and export of spans.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Traces {
    /// Any of `otlp`, `console`, `otlp_file`, `otlp/stdout` and the names in `[exporters]`; `[]`
    /// exports nothing. Default: `otlp` if an OTLP endpoint is set, otherwise none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["otlp"], ["console", "otlp"]])))]
    pub(crate) exporters: Option<ExporterList>,

    /// The sampler. The `parentbased_` samplers follow the decision of the caller if there is one.
    /// A table gives a sampler arguments, which may be samplers:
    /// `{ parent_based = { root = { trace_id_ratio_based = { ratio = 0.1 } } } }`. Its only key is
    /// one of `always_on`, `always_off`, `trace_id_ratio_based`, `parent_based`, `always_record`,
    /// `rule_based`, `probability`, `rate_limiting`, `jaeger_remote` and `composite`.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["parentbased_traceidratio", { "parent_based": { "root": { "trace_id_ratio_based": { "ratio": 0.1 } } } }])))]
    pub(crate) sampler: Sampler,

    /// The ratio of traces that the `traceidratio` samplers keep, from 0 to 1. Default: 1.
    #[cfg_attr(feature = "schema", schemars(extend("default" = 1.0)))]
    pub(crate) sampler_arg: Option<SamplingRatio>,

    /// Entries of baggage to copy to each span when it starts, as attributes. `*` and `?` are
    /// wildcards: `["tenant.*"]`. Baggage comes from callers and may contain personal data, which
    /// then leaves the service with the spans.
    pub(crate) baggage_attributes: Vec<Pattern>,

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
            sampler: Sampler::Name(SamplerName::ParentBasedAlwaysOn),
            sampler_arg: None,
            baggage_attributes: Vec::new(),
            batch: SpanBatch::default(),
            limits: SpanLimits::default(),
            scopes: Vec::new(),
        }
    }
}

impl Traces {
    /// Returns the ratio of traces that the `traceidratio` samplers keep. A table has ratios of its
    /// own.
    #[must_use]
    pub(crate) fn sampling_ratio(&self) -> Option<SamplingRatio> {
        match self.sampler {
            Sampler::Name(_) => Some(self.sampler_arg.unwrap_or(SamplingRatio::ONE)),
            Sampler::Own(_) | Sampler::Tree(_) => self.sampler_arg,
        }
    }
}
