//! One metric of an observable instrument, from the values that its callbacks observed.
//!
//! A view or a processor may make the attributes of several observations equal. The SDK would keep
//! the last of them; the sum of a counter needs all. See the specification, "Metrics Data Model",
//! section "Spatial reaggregation".

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use opentelemetry::{KeyValue, metrics::AsyncInstrument};

use super::reduction::Reduction;
use crate::export::callbacks::{CallbackCache, ObservableCallback as _};

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

/// The number of collections without an observation after which a set of attributes of a cumulative
/// counter is forgotten. A callback that misses a few collections adds no value twice.
const KEPT: u64 = 10;

/// Passes the observations of callbacks to the SDK.
pub(super) struct ObservedStream<M> {
    callbacks: Mutex<Vec<Arc<CallbackCache<M>>>>,
    aggregation: Observations<M>,
}

/// The observations that the SDK receives.
enum Observations<M> {
    /// As they are.
    Unchanged,
    /// With reduced attributes.
    Reduced(Reduction),
    /// Sums of those whose attributes become equal.
    Summed(Reduction),
    /// Sums that only increase. If a set is no longer observed, a smaller sum would look like a
    /// restart of the counter.
    Increasing(Reduction, Mutex<Increases<M>>),
}

/// The state of sums between collections.
struct Increases<M> {
    collection: u64,
    /// The number of collections for which sets are kept that are not observed.
    kept: u64,
    /// The last observation of each set of all attributes.
    observed: HashMap<AttributeSet, Seen<M>>,
    /// The sum of the increases, by the reduced attributes.
    sums: HashMap<AttributeSet, Seen<M>>,
}

/// A value, and the last collection with an observation of it.
struct Seen<M> {
    value: M,
    collection: u64,
}

impl<M: Amount> ObservedStream<M> {
    /// `is_sum`: the metric is a sum. `is_counter`: it only increases. `is_delta`: the SDK reports
    /// its differences.
    pub(super) fn new(
        callbacks: Vec<Arc<CallbackCache<M>>>,
        reduction: Option<Reduction>,
        is_sum: bool,
        is_counter: bool,
        is_delta: bool,
    ) -> Self {
        let aggregation = match reduction {
            None => Observations::Unchanged,
            Some(reduction) if is_sum && is_counter => {
                // The SDK forgets a difference at once, and would report the whole sum again.
                Observations::Increasing(
                    reduction,
                    Mutex::new(Increases::new(if is_delta { 0 } else { KEPT })),
                )
            }
            Some(reduction) if is_sum => Observations::Summed(reduction),
            Some(reduction) => Observations::Reduced(reduction),
        };
        Self { callbacks: Mutex::new(callbacks), aggregation }
    }

    /// Returns whether observations are added up.
    pub(super) fn is_added_up(&self) -> bool {
        matches!(self.aggregation, Observations::Summed(_) | Observations::Increasing(..))
    }

    /// Adds up the observations of another stream, too.
    pub(super) fn take_over(&self, other: &Self) {
        let taken = std::mem::take(&mut *other.callbacks());
        self.callbacks().extend(taken);
    }

    /// Passes the observations of all callbacks on. With `runs_callbacks`, calls them first.
    pub(super) fn emit(&self, runs_callbacks: bool, instrument: &dyn AsyncInstrument<M>) {
        let callbacks = self.callbacks();
        if runs_callbacks {
            callbacks.iter().for_each(|callback| callback.call());
        }
        let for_each = |take: &mut dyn FnMut(M, &[KeyValue])| {
            for callback in &*callbacks {
                callback.for_each(&mut *take);
            }
        };
        match &self.aggregation {
            Observations::Unchanged => {
                for_each(&mut |value, attributes| instrument.observe(value, attributes));
            }
            Observations::Reduced(reduction) => for_each(&mut |value, attributes| {
                reduction.apply(attributes, |reduced| instrument.observe(value, reduced));
            }),
            Observations::Summed(reduction) => {
                let mut sums = HashMap::new();
                for_each(&mut |value, attributes| {
                    reduction.apply(attributes, |reduced| add(&mut sums, sorted(reduced), value));
                });
                for (attributes, value) in sums {
                    instrument.observe(value, &attributes);
                }
            }
            Observations::Increasing(reduction, state) => {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                state.begin();
                for_each(&mut |value, attributes| {
                    reduction.apply(attributes, |reduced| state.add(value, attributes, reduced));
                });
                state.observe(instrument);
            }
        }
    }

    fn callbacks(&self) -> MutexGuard<'_, Vec<Arc<CallbackCache<M>>>> {
        self.callbacks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M: Amount> Increases<M> {
    fn new(kept: u64) -> Self {
        Self { collection: 0, kept, observed: HashMap::new(), sums: HashMap::new() }
    }

    /// Begins a collection, and forgets the sets that are no longer observed.
    fn begin(&mut self) {
        let Self { collection, kept, observed, sums } = self;
        let is_kept = |_: &AttributeSet, seen: &mut Seen<M>| *collection - seen.collection <= *kept;
        observed.retain(is_kept);
        sums.retain(is_kept);
        *collection += 1;
    }

    fn add(&mut self, value: M, attributes: &[KeyValue], reduced: &[KeyValue]) {
        let collection = self.collection;
        let before = self.observed.insert(sorted(attributes), Seen { value, collection });
        let increase = match before {
            Some(before) if value >= before.value => value.minus(before.value),
            // The counter has restarted.
            _ => value,
        };
        let sum =
            self.sums.entry(sorted(reduced)).or_insert_with(|| Seen { value: M::default(), collection });
        *sum = Seen { value: sum.value.plus(increase), collection };
    }

    /// Passes on the sums with an observation in this collection.
    fn observe(&self, instrument: &dyn AsyncInstrument<M>) {
        let current = self.sums.iter().filter(|(_, sum)| sum.collection == self.collection);
        current.for_each(|(attributes, sum)| instrument.observe(sum.value, attributes));
    }
}

fn add<M: Amount>(sums: &mut HashMap<AttributeSet, M>, attributes: AttributeSet, value: M) {
    let sum = sums.entry(attributes).or_default();
    *sum = sum.plus(value);
}

/// Returns the attributes in the order of their keys, so that equal sets are equal lists.
fn sorted(attributes: &[KeyValue]) -> AttributeSet {
    let mut attributes = attributes.to_vec();
    attributes.sort_by(|a, b| a.key.cmp(&b.key));
    attributes
}
