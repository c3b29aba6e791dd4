//! The SDK's view of the reader: collects on demand, flushes and shuts down the pushes.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{InstrumentKind, Pipeline, Temporality, data::ResourceMetrics, reader::MetricReader},
};

use super::push::PeriodicPush;

#[derive(Debug)]
pub(crate) struct PushReader {
    inner: Arc<dyn MetricReader>,
    push: Option<PeriodicPush>,
}

impl PushReader {
    pub(crate) fn new(inner: Arc<dyn MetricReader>, push: Option<PeriodicPush>) -> Self {
        Self { inner, push }
    }
}

impl MetricReader for PushReader {
    fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
        self.inner.register_pipeline(pipeline);
    }

    fn collect(&self, metrics: &mut ResourceMetrics) -> OTelSdkResult {
        self.inner.collect(metrics)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.push.as_ref().map_or(Ok(()), PeriodicPush::flush)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        // The SDK passes a time of its own here; the pushes know the one that counts.
        let pushed = self.push.as_ref().map_or(Ok(()), PeriodicPush::shutdown);
        self.inner.shutdown_with_timeout(timeout).and(pushed)
    }

    fn temporality(&self, kind: InstrumentKind) -> Temporality {
        self.inner.temporality(kind)
    }
}
