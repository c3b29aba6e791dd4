//! One callback of an observable instrument and the values that it observed last.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use opentelemetry::{
    KeyValue,
    metrics::{AsyncInstrument, Callback},
};

use crate::{export::unique_keys::remove_repeated, shield::Shielded};

/// The progress of a callback within a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallbackState {
    Waiting,
    Running,
    Panicked,
    Returned,
}

/// A callback, independent of the type of its numbers.
pub(crate) trait ObservableCallback: Send + Sync {
    /// Returns the name of the instrument.
    fn name(&self) -> &str;

    fn state(&self) -> CallbackState;

    /// Prepares for another collection.
    fn begin(&self);

    /// Runs the program's code, unless it is still running for an earlier collection.
    fn call(&self);
}

pub(crate) struct CallbackCache<M> {
    name: Cow<'static, str>,
    callback: Shielded<Callback<M>>,
    /// The SDK reports differences between the values.
    is_delta: bool,
    observed: Mutex<Observed<M>>,
}

struct Observed<M> {
    state: CallbackState,
    measurements: Measurements<M>,
}

type Measurements<M> = Vec<(M, Vec<KeyValue>)>;

impl<M: Copy + PartialOrd + Send> CallbackCache<M> {
    pub(crate) fn new(name: Cow<'static, str>, callback: Callback<M>, is_delta: bool) -> Self {
        let observed = Observed { state: CallbackState::Waiting, measurements: Vec::new() };
        Self { name, callback: Shielded::new(callback), is_delta, observed: Mutex::new(observed) }
    }

    /// Calls `take` with each observed value.
    pub(crate) fn for_each(&self, mut take: impl FnMut(M, &[KeyValue])) {
        for (value, attributes) in &self.observed().measurements {
            take(*value, attributes);
        }
    }

    fn observed(&self) -> MutexGuard<'_, Observed<M>> {
        self.observed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M: Copy + PartialOrd + Send> ObservableCallback for CallbackCache<M> {
    fn name(&self) -> &str {
        &self.name
    }

    fn state(&self) -> CallbackState {
        self.observed().state
    }

    fn begin(&self) {
        let mut observed = self.observed();
        if observed.state != CallbackState::Running {
            observed.state = CallbackState::Waiting;
        }
        // The SDK forgets a counter without a value, and would report all of it as new the next
        // time. The same value again is a difference of zero.
        if !self.is_delta {
            observed.measurements.clear();
        }
    }

    fn call(&self) {
        {
            let mut observed = self.observed();
            if observed.state == CallbackState::Running {
                return;
            }
            observed.state = CallbackState::Running;
        }
        let recorder = Recorder(Mutex::default());
        let result = self.callback.with(|callback| callback(&recorder));
        let mut measurements = recorder.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut observed = self.observed();
        if result.is_none() {
            observed.state = CallbackState::Panicked;
            return;
        }
        if self.is_delta {
            // A counter that decreases would underflow in the SDK. If it is left out, it restarts.
            let before: HashMap<_, _> =
                observed.measurements.iter().map(|(value, attributes)| (attributes, *value)).collect();
            measurements.retain(|(value, attributes)| before.get(attributes).is_none_or(|it| value >= it));
        }
        *observed = Observed { state: CallbackState::Returned, measurements };
    }
}

/// Keeps what a callback observes.
struct Recorder<M>(Mutex<Measurements<M>>);

impl<M: Send> AsyncInstrument<M> for Recorder<M> {
    fn observe(&self, measurement: M, attributes: &[KeyValue]) {
        let mut attributes = attributes.to_vec();
        remove_repeated(&mut attributes);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((measurement, attributes));
    }
}
