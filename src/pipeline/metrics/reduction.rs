//! The attributes of an observation that reach the SDK.

use opentelemetry::KeyValue;

use super::attribute_filter::AttributeFilter;
use crate::pipeline::processor::MeasurementProcessors;

/// The processors of the program, and then the attributes that a view keeps. Both may make the
/// attributes of several observations equal.
#[derive(Debug)]
pub(super) struct Reduction {
    filter: Option<AttributeFilter>,
    processors: Option<MeasurementProcessors>,
}

impl Reduction {
    /// Returns `None` if all attributes stay as they are.
    pub(super) fn new(
        filter: Option<AttributeFilter>,
        processors: Option<MeasurementProcessors>,
    ) -> Option<Self> {
        (filter.is_some() || processors.is_some()).then_some(Self { filter, processors })
    }

    /// Calls `work` with the attributes, unless a processor loses the observation.
    pub(super) fn apply(&self, attributes: &[KeyValue], work: impl FnOnce(&[KeyValue])) {
        let filtered = |attributes: &[KeyValue]| match &self.filter {
            None => work(attributes),
            Some(filter) => filter.apply(attributes, work),
        };
        match &self.processors {
            None => filtered(attributes),
            Some(processors) => processors.process(attributes, filtered),
        }
    }
}
