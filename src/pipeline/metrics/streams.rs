//! The metrics that a synchronous instrument becomes.

use opentelemetry::KeyValue;

use super::{attribute_filter::AttributeFilter, stream_slot, views::PlannedStream};

/// An instrument of the SDK for each metric.
#[derive(Debug)]
pub(super) enum Streams<I> {
    /// A single one with all attributes, as usual.
    One(I),
    Filtered(Vec<(Option<AttributeFilter>, I)>),
}

impl<I> Streams<I> {
    /// Creates the instruments of the SDK.
    pub(super) fn new(mut planned: Vec<PlannedStream>, create: impl Fn() -> I) -> Self {
        if let [PlannedStream { stream, filter: None, .. }] = planned.as_mut_slice() {
            return Self::One(stream_slot::create_with(stream.take(), create));
        }
        let create = |planned: PlannedStream| {
            let instrument = stream_slot::create_with(planned.stream, &create);
            (planned.filter, instrument)
        };
        Self::Filtered(planned.into_iter().map(create).collect())
    }

    /// Calls `record` with each instrument and the attributes to record.
    #[inline]
    pub(super) fn measure(&self, attributes: &[KeyValue], record: impl Fn(&I, &[KeyValue])) {
        match self {
            Self::One(instrument) => record(instrument, attributes),
            Self::Filtered(streams) => measure_each(streams, attributes, record),
        }
    }
}

// Most instruments have no view, and pay for one branch.
#[inline(never)]
fn measure_each<I>(
    streams: &[(Option<AttributeFilter>, I)],
    attributes: &[KeyValue],
    record: impl Fn(&I, &[KeyValue]),
) {
    for (filter, instrument) in streams {
        match filter {
            Some(filter) => filter.apply(attributes, |kept| record(instrument, kept)),
            None => record(instrument, attributes),
        }
    }
}
