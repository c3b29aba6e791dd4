//! Collects the current metrics.

use std::{sync::Arc, time::Duration};

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
}

impl Collector {
    pub(crate) fn new(
        reader: Arc<dyn MetricReader>,
        callbacks: Arc<Callbacks>,
        overflow: OverflowCheck,
    ) -> Self {
        Self { reader, callbacks, overflow }
    }

    /// Returns all recorded values, and those that callbacks observe within `callback_timeout`.
    pub(crate) fn collect(&self, callback_timeout: Duration) -> Result<ResourceMetrics, OTelSdkError> {
        let mut metrics = ResourceMetrics::default();
        self.callbacks.collect(callback_timeout, || self.reader.collect(&mut metrics))?;
        self.overflow.inspect(&metrics);
        Ok(metrics)
    }
}
