//! Counts reloads.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use opentelemetry::{
    KeyValue,
    metrics::{AsyncInstrument, Meter},
};

/// The reloads by their outcome.
#[derive(Debug, Default)]
pub(crate) struct ReloadCounts {
    applied: Outcome,
    refused: Outcome,
}

#[derive(Debug, Default)]
struct Outcome {
    reloads: AtomicU64,
    /// The time of the last one, in seconds since 1970; 0 if there was none.
    last: AtomicU64,
}

impl ReloadCounts {
    pub(crate) fn apply(&self) {
        self.applied.count();
    }

    pub(crate) fn refuse(&self) {
        self.refused.count();
    }

    fn outcomes(&self) -> [(&Outcome, KeyValue); 2] {
        [
            (&self.applied, KeyValue::new("outcome", "applied")),
            (&self.refused, KeyValue::new("outcome", "refused")),
        ]
    }

    /// Creates the instruments. The semantic conventions have none for reloads.
    pub(super) fn register(self: &Arc<Self>, meter: &Meter) {
        let counts = Arc::clone(self);
        meter
            .u64_observable_counter("autotelemetry.reloads")
            .with_unit("{reload}")
            .with_description("The number of reloads of the configuration")
            .with_callback(move |observer: &dyn AsyncInstrument<u64>| {
                for (outcome, attribute) in counts.outcomes() {
                    observer.observe(outcome.reloads.load(Ordering::Relaxed), &[attribute]);
                }
            })
            .build();
        let counts = Arc::clone(self);
        meter
            .u64_observable_gauge("autotelemetry.reload.timestamp")
            .with_unit("s")
            .with_description("The time of the last reload, in seconds since 1970")
            .with_callback(move |observer: &dyn AsyncInstrument<u64>| {
                for (outcome, attribute) in counts.outcomes() {
                    let last = outcome.last.load(Ordering::Relaxed);
                    if last > 0 {
                        observer.observe(last, &[attribute]);
                    }
                }
            })
            .build();
    }
}

impl Outcome {
    fn count(&self) {
        self.reloads.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.last.store(now.as_secs(), Ordering::Relaxed);
    }
}
