//! The outputs of processors and readers.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{
    config::Signal,
    export::{
        custom::ExporterControl, flush::Flush, line_writer::LineWriter, stats::recorder::StatsRecorder,
    },
};

/// All destinations of a pipeline, and what counts their items.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outputs {
    /// The destinations to flush, in any order.
    pub(crate) destinations: Vec<Destination>,
    /// The writers of console and files. Several signals may share one, so they are flushed last.
    pub(crate) line_writers: Vec<Arc<LineWriter>>,
    pub(crate) recorders: Vec<Arc<StatsRecorder>>,
    /// The exporters of the program.
    pub(crate) controls: Vec<Arc<dyn ExporterControl>>,
}

/// The current outputs.
#[derive(Debug, Clone)]
pub(crate) struct SharedOutputs(Arc<Mutex<Arc<Outputs>>>);

/// A destination of one signal.
#[derive(Debug, Clone)]
pub(crate) struct Destination {
    pub(crate) signal: Signal,
    pub(crate) flush: Arc<dyn Flush>,
    /// True if it is created once, such as an exporter of the program. It then waits for a reload
    /// that names it again.
    pub(super) stays: bool,
}

impl SharedOutputs {
    pub(super) fn new(outputs: Outputs) -> Self {
        Self(Arc::new(Mutex::new(Arc::new(outputs))))
    }

    pub(crate) fn get(&self) -> Arc<Outputs> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the outputs by those that `change` returns.
    pub(super) fn change(&self, change: impl FnOnce(&Outputs) -> Outputs) {
        let mut outputs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *outputs = Arc::new(change(&outputs));
    }
}

impl Outputs {
    /// Adds what only `previous` has, which may still hold items. Accounts of exporters that are
    /// removed stay for good.
    pub(super) fn with_rest_of(mut self, previous: &Self) -> Self {
        let Self { destinations, line_writers, recorders, controls } = previous;
        let used = self.recorders.len();
        add_rest(&mut self.destinations, destinations, |a, b| Arc::ptr_eq(&a.flush, &b.flush));
        add_rest(&mut self.line_writers, line_writers, Arc::ptr_eq);
        add_rest(&mut self.recorders, recorders, Arc::ptr_eq);
        add_rest(&mut self.controls, controls, Arc::ptr_eq);
        for (index, recorder) in self.recorders.iter().enumerate() {
            recorder.set_retired(index >= used);
        }
        self
    }

    /// Returns the destinations and writers that `current` does not have, except those that wait.
    pub(super) fn removed_from(&self, current: &Self) -> Self {
        let Self { destinations, line_writers, .. } = current;
        let is_left = |destination: &&Destination| {
            let is_used = |other: &Destination| Arc::ptr_eq(&other.flush, &destination.flush);
            !destination.stays && !destinations.iter().any(is_used)
        };
        let is_unused =
            |lines: &&Arc<LineWriter>| !line_writers.iter().any(|other| Arc::ptr_eq(other, lines));
        Self {
            destinations: self.destinations.iter().filter(is_left).cloned().collect(),
            line_writers: self.line_writers.iter().filter(is_unused).cloned().collect(),
            ..Self::default()
        }
    }

    /// Removes destinations and writers that have nothing left to deliver.
    pub(super) fn without(&self, settled: &Self) -> Self {
        let mut outputs = self.clone();
        outputs.destinations.retain(|destination| {
            !settled.destinations.iter().any(|other| Arc::ptr_eq(&other.flush, &destination.flush))
        });
        outputs
            .line_writers
            .retain(|lines| !settled.line_writers.iter().any(|other| Arc::ptr_eq(other, lines)));
        outputs
    }
}

fn add_rest<T: Clone>(all: &mut Vec<T>, others: &[T], is_same: impl Fn(&T, &T) -> bool) {
    for other in others {
        if !all.iter().any(|known| is_same(known, other)) {
            all.push(other.clone());
        }
    }
}
