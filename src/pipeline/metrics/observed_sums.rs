//! Sums of observable instruments that a program creates more than once.
//!
//! The SDK keeps only the last observation of each set of attributes. If a view removes the
//! attribute in which the instruments differ, such as the name of a pool, one of them would remain.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use opentelemetry::InstrumentationScope;

use super::{
    observed_stream::{Amount, ObservedStream},
    views::NewInstrument,
};
use crate::config::InstrumentType;

/// The streams that add up observations.
#[derive(Default)]
pub(super) struct ObservedSums(Mutex<HashMap<SumKey, Weak<dyn Any + Send + Sync>>>);

/// The identity of a sum.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct SumKey {
    scope: InstrumentationScope,
    /// In lower case, because the SDK compares names without their case.
    name: String,
    unit: String,
    description: String,
    kind: InstrumentType,
    number: TypeId,
    /// The place among the streams of the instrument.
    index: usize,
}

impl ObservedSums {
    /// Adds the callbacks of `stream` to the sum with this key. Without one, calls `create`, and
    /// `stream` becomes the sum.
    pub(super) fn join<M: Amount + 'static>(
        &self,
        key: SumKey,
        stream: &Arc<ObservedStream<M>>,
        create: impl FnOnce(),
    ) {
        // Another thread may create the same instrument.
        let mut sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = sums.get(&key).and_then(Weak::upgrade);
        if let Some(sum) = sum.and_then(|sum| sum.downcast::<ObservedStream<M>>().ok()) {
            sum.take_over(stream);
        } else {
            create();
            let stream: Weak<ObservedStream<M>> = Arc::downgrade(stream);
            sums.insert(key, stream);
        }
    }
}

impl fmt::Debug for ObservedSums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservedSums").finish_non_exhaustive()
    }
}

impl SumKey {
    /// `N` is the type of the observed numbers.
    pub(super) fn new<N: 'static>(instrument: NewInstrument<'_>, index: usize) -> Self {
        let NewInstrument { name, kind, unit, description, scope, boundaries: _ } = instrument;
        Self {
            scope: scope.clone(),
            name: name.to_ascii_lowercase(),
            unit: unit.to_owned(),
            description: description.to_owned(),
            kind,
            number: TypeId::of::<N>(),
            index,
        }
    }
}
