//! One callback of an observable instrument, and what it observed last.

use std::{
    borrow::Cow,
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, MutexGuard, PoisonError},
};

use opentelemetry::{
    KeyValue,
    metrics::{AsyncInstrument, Callback},
};

/// How far a callback is with a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallbackState {
    Waiting,
    Running,
    Panicked,
    Returned,
}

/// A callback, whatever the type of its numbers.
pub(crate) trait Observe: Send + Sync {
    /// The name of the instrument.
    fn name(&self) -> &str;
    fn phase(&self) -> CallbackState;
    /// Begins another collection.
    fn begin(&self);
    /// Runs the program's code, unless an earlier collection still does.
    fn call(&self);
}

pub(crate) struct CallbackCache<M> {
    name: Cow<'static, str>,
    callback: Callback<M>,
    /// The SDK reports differences of the values.
    is_delta: bool,
    state: Mutex<State<M>>,
}

struct State<M> {
    phase: CallbackState,
    measurements: Measurements<M>,
}

type Measurements<M> = Vec<(M, Vec<KeyValue>)>;

impl<M: Copy + PartialOrd + Send> CallbackCache<M> {
    pub(crate) fn new(name: Cow<'static, str>, callback: Callback<M>, is_delta: bool) -> Self {
        let state = State { phase: CallbackState::Waiting, measurements: Vec::new() };
        Self { name, callback, is_delta, state: Mutex::new(state) }
    }

    /// Tells the SDK what was observed.
    pub(crate) fn emit_cached(&self, instrument: &dyn AsyncInstrument<M>) {
        for (value, attributes) in &self.state().measurements {
            instrument.observe(*value, attributes);
        }
    }

    fn state(&self) -> MutexGuard<'_, State<M>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M: Copy + PartialOrd + Send> Observe for CallbackCache<M> {
    fn name(&self) -> &str {
        &self.name
    }

    fn phase(&self) -> CallbackState {
        self.state().phase
    }

    fn begin(&self) {
        let mut state = self.state();
        if state.phase != CallbackState::Running {
            state.phase = CallbackState::Waiting;
        }
        // The SDK would forget what a counter without a value was at, and report all of it as new the next time. The same
        // value again is a difference of nothing.
        if !self.is_delta {
            state.measurements.clear();
        }
    }

    fn call(&self) {
        {
            let mut state = self.state();
            if state.phase == CallbackState::Running {
                return;
            }
            state.phase = CallbackState::Running;
        }
        let recorder = Recorder(Mutex::default());
        let result = catch_unwind(AssertUnwindSafe(|| (self.callback)(&recorder)));
        let mut measurements = recorder.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.state();
        if result.is_err() {
            state.phase = CallbackState::Panicked;
            return;
        }
        if self.is_delta {
            // Of a counter that went back the SDK would subtract more than there is. Left out, it begins anew.
            let before: HashMap<_, _> =
                state.measurements.iter().map(|(value, attributes)| (attributes, *value)).collect();
            measurements.retain(|(value, attributes)| before.get(attributes).is_none_or(|it| value >= it));
        }
        *state = State { phase: CallbackState::Returned, measurements };
    }
}

/// Keeps what a callback observes.
struct Recorder<M>(Mutex<Measurements<M>>);

impl<M: Send> AsyncInstrument<M> for Recorder<M> {
    fn observe(&self, measurement: M, attributes: &[KeyValue]) {
        let mut measurements = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        measurements.push((measurement, attributes.to_vec()));
    }
}
