//! Collects metrics when somebody looks at them.

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{
        InstrumentKind, ManualReader, Pipeline, Temporality, data::ResourceMetrics, reader::MetricReader,
    },
};

use crate::export::callbacks::{CALLBACK_TIMEOUT, Callbacks};

/// Always cumulative, so that one look changes nothing for the next.
#[derive(Debug)]
pub(crate) struct Reader {
    inner: ManualReader,
    callbacks: Arc<Callbacks>,
    last: Mutex<ResourceMetrics>,
}

impl Reader {
    pub(crate) fn new(callbacks: Arc<Callbacks>) -> Self {
        Self { inner: ManualReader::builder().build(), callbacks, last: Mutex::default() }
    }

    /// What `look` sees now, or saw last when telemetry has ended.
    pub(crate) fn read<R>(&self, look: impl FnOnce(&ResourceMetrics) -> R) -> R {
        let last = || self.last.lock().unwrap_or_else(PoisonError::into_inner);
        self.callbacks.collect(CALLBACK_TIMEOUT, || {
            let mut metrics = ResourceMetrics::default();
            if self.inner.collect(&mut metrics).is_ok() {
                // In the order of the collections, so that none replaces a later one.
                *last() = metrics;
            }
        });
        look(&last())
    }
}

impl MetricReader for Reader {
    fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
        self.inner.register_pipeline(pipeline);
    }

    fn collect(&self, metrics: &mut ResourceMetrics) -> OTelSdkResult {
        self.inner.collect(metrics)
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        // Afterwards nothing can be collected any more.
        self.read(|_| ());
        self.inner.shutdown_with_timeout(timeout)
    }

    fn temporality(&self, kind: InstrumentKind) -> Temporality {
        self.inner.temporality(kind)
    }
}
