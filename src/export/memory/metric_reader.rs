//! Collects metrics on demand.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{
        InstrumentKind, ManualReader, Pipeline, Temporality, data::ResourceMetrics, reader::MetricReader,
    },
};

use crate::export::{
    callbacks::{CALLBACK_TIMEOUT, Callbacks},
    flush::{Flush, FlushError},
    stats::recorder::Reason,
};

/// A reader whose values are always cumulative, so that a collection does not affect the next one.
#[derive(Debug)]
pub(crate) struct MemoryMetricReader {
    inner: ManualReader,
    callbacks: Arc<Callbacks>,
    last: Mutex<ResourceMetrics>,
    is_closed: AtomicBool,
}

impl MemoryMetricReader {
    pub(super) fn new(callbacks: Arc<Callbacks>) -> Self {
        Self {
            inner: ManualReader::builder().build(),
            callbacks,
            last: Mutex::default(),
            is_closed: AtomicBool::new(false),
        }
    }

    /// Calls `look` with the current metrics, or with the last ones after shutdown.
    pub(super) fn read<R>(&self, look: impl FnOnce(&ResourceMetrics) -> R) -> R {
        self.callbacks.collect(CALLBACK_TIMEOUT, || self.collect_last());
        look(&self.last())
    }

    fn last(&self) -> MutexGuard<'_, ResourceMetrics> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Called in the order of the collections, so that none replaces a later one.
    fn collect_last(&self) {
        let mut metrics = ResourceMetrics::default();
        if self.inner.collect(&mut metrics).is_ok() {
            *self.last() = metrics;
        }
    }
}

impl Flush for MemoryMetricReader {
    /// Collects a last time when the reader is closed, because the SDK collects nothing afterwards.
    fn wait_flushed(&self, _: u64, deadline: Instant) -> Result<(), FlushError> {
        if !self.is_closed.load(Ordering::SeqCst) {
            return Ok(());
        }
        self.callbacks.collect_until(deadline, || self.collect_last()).ok_or(FlushError::Timeout)
    }

    fn close(&self, _: Reason) {
        self.is_closed.store(true, Ordering::SeqCst);
    }
}

impl MetricReader for MemoryMetricReader {
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
        self.inner.shutdown_with_timeout(timeout)
    }

    fn temporality(&self, kind: InstrumentKind) -> Temporality {
        self.inner.temporality(kind)
    }
}
