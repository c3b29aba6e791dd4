//! Samplers by the names that the specification gives to `OTEL_TRACES_SAMPLER`.

use crate::config::value::string_enum;

string_enum! {
    /// A sampler without a table, by its name in the specification.
    pub(crate) enum SamplerName {
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

impl SamplerName {
    /// Returns whether the sampler uses `sampler_arg`.
    #[must_use]
    pub(crate) fn takes_ratio(self) -> bool {
        matches!(self, Self::TraceIdRatio | Self::ParentBasedTraceIdRatio)
    }
}
