//! Collects metrics and pushes them to their destinations.

use std::{sync::Arc, time::Duration};

use opentelemetry_sdk::metrics::{data::ResourceMetrics, reader::MetricReader};

use crate::{
    diagnostics::{DiagnosticLog, RateLimit},
    export::{
        callbacks::Callbacks,
        console::{ConsoleExporter, count_data_points, write_metrics},
        flush::FlushError,
        otlp::OtlpExporter,
        otlp_file::OtlpFileExporter,
    },
};

/// A destination of pushes.
#[derive(Debug)]
pub(super) enum PushTarget {
    Console(Arc<ConsoleExporter>),
    Otlp(Box<OtlpExporter>),
    /// With the longest time to wait for a write.
    OtlpFile(Box<OtlpFileExporter>, Duration),
}

#[derive(Debug)]
pub(super) struct PushWorker {
    reader: Arc<dyn MetricReader>,
    callbacks: Arc<Callbacks>,
    targets: Vec<PushTarget>,
    diagnostics: DiagnosticLog,
    limit: RateLimit,
}

impl PushWorker {
    pub(super) fn new(
        reader: Arc<dyn MetricReader>,
        callbacks: Arc<Callbacks>,
        targets: Vec<PushTarget>,
        diagnostics: DiagnosticLog,
    ) -> Self {
        Self { reader, callbacks, targets, diagnostics, limit: RateLimit::default() }
    }

    /// Pushes all recorded values, and those that callbacks observe within `callback_timeout`.
    pub(super) fn push(&self, callback_timeout: Duration) -> Result<(), FlushError> {
        let mut metrics = ResourceMetrics::default();
        if let Err(error) = self.callbacks.collect(callback_timeout, || self.reader.collect(&mut metrics)) {
            if self.limit.is_due() {
                self.diagnostics.error(format_args!("cannot collect metrics: {error}"));
            }
            return Err(FlushError::Failed(error.to_string()));
        }
        if metrics.scope_metrics().next().is_none() {
            return Ok(());
        }
        // All exports are started before the first is awaited, so that a slow one delays no other.
        let data_points = count_data_points(&metrics);
        let mut exports = Vec::new();
        for target in &self.targets {
            match target {
                PushTarget::Console(console) => write_metrics(console, &metrics),
                PushTarget::Otlp(exporter) => exports.push(exporter.send_metrics(&metrics, data_points)),
                PushTarget::OtlpFile(exporter, limit) => {
                    exports.push(exporter.send_metrics(&metrics, data_points, *limit));
                }
            }
        }
        // An export without a result was aborted by the shutdown, which counts its items.
        let results = exports.into_iter().map(|export| export.recv().unwrap_or(Ok(())));
        results.fold(Ok(()), Result::and).map_err(|error| FlushError::Failed(error.to_string()))
    }
}
