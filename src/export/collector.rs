//! Collects the current metrics.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use opentelemetry_sdk::{
    error::OTelSdkError,
    metrics::{data::ResourceMetrics, reader::MetricReader},
};

use super::{callbacks::Callbacks, overflow_check::OverflowCheck};

/// Reads the metrics of a pipeline, after the callbacks of its observable instruments.
#[derive(Debug)]
pub(crate) struct Collector {
    reader: Arc<dyn MetricReader>,
    callbacks: Arc<Callbacks>,
    overflow: OverflowCheck,
    /// The number of collections.
    collections: AtomicU64,
}

impl Collector {
    pub(crate) fn new(
        reader: Arc<dyn MetricReader>,
        callbacks: Arc<Callbacks>,
        overflow: OverflowCheck,
    ) -> Self {
        Self { reader, callbacks, overflow, collections: AtomicU64::new(0) }
    }

    /// Returns all recorded values, and those that callbacks observe within `callback_timeout`.
    #[cfg(feature = "prometheus")]
    pub(crate) fn collect(&self, callback_timeout: Duration) -> Result<ResourceMetrics, OTelSdkError> {
        self.collect_next(callback_timeout).map(|(metrics, _)| metrics)
    }

    /// Returns all recorded values, and those that callbacks observe within `callback_timeout`. A
    /// later collection has a higher number.
    pub(crate) fn collect_next(
        &self,
        callback_timeout: Duration,
    ) -> Result<(ResourceMetrics, u64), OTelSdkError> {
        let mut metrics = ResourceMetrics::default();
        let number = self.callbacks.collect(callback_timeout, || {
            self.reader.collect(&mut metrics)?;
            // One collection at a time comes here.
            Ok::<_, OTelSdkError>(self.collections.fetch_add(1, Ordering::Relaxed) + 1)
        })?;
        self.overflow.inspect(&metrics);
        Ok((metrics, number))
    }
}
