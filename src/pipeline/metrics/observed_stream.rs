//! One metric of an observable instrument, from the values that its callbacks observed.
//!
//! If a view removes attributes, several observations may become one. The SDK would keep the last
//! of them; the sum of a counter needs all. See the specification, "Metrics Data Model", section
//! "Spatial reaggregation".

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use opentelemetry::{KeyValue, metrics::AsyncInstrument};

use super::attribute_filter::AttributeFilter;
use crate::{export::callbacks::CallbackCache, pipeline::processor::MeasurementProcessors};

/// A number that can be added up.
pub(super) trait Amount: Copy + PartialOrd + Default + Send {
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
}

macro_rules! amount {
    ($($type:ty: $plus:expr, $minus:expr;)+) => {$(
        impl Amount for $type {
            fn plus(self, other: Self) -> Self {
                $plus(self, other)
            }

            fn minus(self, other: Self) -> Self {
                $minus(self, other)
            }
        }
    )+};
}

amount! {
    u64: u64::saturating_add, u64::saturating_sub;
    i64: i64::saturating_add, i64::saturating_sub;
    f64: std::ops::Add::add, std::ops::Sub::sub;
}

type AttributeSet = Vec<KeyValue>;

/// Passes observations to the SDK.
#[derive(Debug)]
pub(super) enum ObservedStream<M> {
    /// As they are.
    Unchanged,
    /// With fewer attributes.
    Filtered(AttributeFilter),
    /// Sums over the attributes that are removed.
    Summed(AttributeFilter),
    /// Sums that only increase. The SDK reports their differences, and refuses negative ones.
    Increasing(AttributeFilter, Mutex<Increases<M>>),
}

/// The state of sums between collections.
#[derive(Debug, Default)]
pub(super) struct Increases<M> {
    /// The last observation of each set of all attributes.
    observed: HashMap<AttributeSet, M>,
    /// The sum of the increases, by the attributes that are kept.
    sums: HashMap<AttributeSet, M>,
    /// The observations and sums of the previous collection.
    before: HashMap<AttributeSet, M>,
    sums_before: HashMap<AttributeSet, M>,
}

impl<M: Amount> ObservedStream<M> {
    /// `is_sum`: the metric is a sum. `is_delta`: the SDK reports its differences.
    pub(super) fn new(filter: Option<AttributeFilter>, is_sum: bool, is_delta: bool) -> Self {
        match filter {
            None => Self::Unchanged,
            Some(filter) if is_sum && is_delta => Self::Increasing(filter, Mutex::default()),
            Some(filter) if is_sum => Self::Summed(filter),
            Some(filter) => Self::Filtered(filter),
        }
    }

    /// Passes the observations of all callbacks of the instrument on.
    pub(super) fn emit(
        &self,
        caches: &[Arc<CallbackCache<M>>],
        processors: Option<&MeasurementProcessors>,
        instrument: &dyn AsyncInstrument<M>,
    ) {
        let for_each = |take: &mut dyn FnMut(M, &[KeyValue])| {
            for cache in caches {
                cache.for_each(|value, attributes| match processors {
                    None => take(value, attributes),
                    Some(processors) => processors.process(attributes, |attributes| take(value, attributes)),
                });
            }
        };
        match self {
            Self::Unchanged => for_each(&mut |value, attributes| instrument.observe(value, attributes)),
            Self::Filtered(filter) => for_each(&mut |value, attributes| {
                filter.apply(attributes, |kept| instrument.observe(value, kept));
            }),
            Self::Summed(filter) => {
                let mut sums = HashMap::new();
                for_each(&mut |value, attributes| {
                    add(&mut sums, filter.apply(attributes, sorted), value);
                });
                observe_all(&sums, instrument);
            }
            Self::Increasing(filter, state) => {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                state.begin();
                for_each(&mut |value, attributes| state.add(filter, value, attributes));
                observe_all(&state.sums, instrument);
            }
        }
    }
}

impl<M: Amount> Increases<M> {
    /// Begins a collection. Sets that it does not observe are forgotten, as the SDK does.
    fn begin(&mut self) {
        self.before = std::mem::take(&mut self.observed);
        self.sums_before = std::mem::take(&mut self.sums);
    }

    fn add(&mut self, filter: &AttributeFilter, value: M, attributes: &[KeyValue]) {
        let attributes = sorted(attributes);
        let kept = filter.apply(&attributes, <[KeyValue]>::to_vec);
        let increase = match self.before.get(&attributes) {
            Some(before) if value >= *before => value.minus(*before),
            // The counter has restarted.
            _ => value,
        };
        let before = self.sums_before.get(&kept).copied().unwrap_or_default();
        let sum = self.sums.entry(kept).or_insert(before);
        *sum = sum.plus(increase);
        self.observed.insert(attributes, value);
    }
}

fn add<M: Amount>(sums: &mut HashMap<AttributeSet, M>, attributes: AttributeSet, value: M) {
    let sum = sums.entry(attributes).or_default();
    *sum = sum.plus(value);
}

fn observe_all<M: Amount>(sums: &HashMap<AttributeSet, M>, instrument: &dyn AsyncInstrument<M>) {
    for (attributes, value) in sums {
        instrument.observe(*value, attributes);
    }
}

/// Returns the attributes in the order of their keys, so that equal sets are equal lists.
fn sorted(attributes: &[KeyValue]) -> AttributeSet {
    let mut attributes = attributes.to_vec();
    attributes.sort_by(|a, b| a.key.cmp(&b.key));
    attributes
}
