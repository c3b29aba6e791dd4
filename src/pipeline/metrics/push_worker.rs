//! Collects metrics and pushes them to their destinations.

use std::{sync::Arc, time::Duration};

use crate::{
    diagnostics::{DiagnosticLog, RateLimit},
    export::{
        collector::Collector,
        console::{ConsoleExporter, write_metrics},
        custom::SendMetrics,
        flush::FlushError,
        otlp::{MetricItems, OtlpExporter},
        otlp_file::OtlpFileExporter,
    },
};

/// A destination of pushes.
#[derive(Debug)]
pub(super) enum PushTarget {
    Console(Arc<ConsoleExporter>),
    /// An exporter of the program.
    Custom(Box<dyn SendMetrics>),
    Otlp(Box<OtlpExporter>, MetricItems),
    /// With the longest time to wait for a write.
    OtlpFile(Box<OtlpFileExporter>, MetricItems, Duration),
}

#[derive(Debug)]
pub(super) struct PushWorker {
    collector: Arc<Collector>,
    targets: Vec<PushTarget>,
    diagnostics: DiagnosticLog,
    limit: RateLimit,
}

impl PushWorker {
    pub(super) fn new(
        collector: Arc<Collector>,
        targets: Vec<PushTarget>,
        diagnostics: DiagnosticLog,
    ) -> Self {
        Self { collector, targets, diagnostics, limit: RateLimit::default() }
    }

    /// Pushes all recorded values, and those that callbacks observe within `callback_timeout`.
    pub(super) fn push(&mut self, callback_timeout: Duration) -> Result<(), FlushError> {
        let metrics = match self.collector.collect(callback_timeout) {
            Ok(metrics) => Arc::new(metrics),
            Err(error) => {
                if self.limit.is_due() {
                    self.diagnostics.error(format_args!("cannot collect metrics: {error}"));
                }
                return Err(FlushError::Failed(error.to_string()));
            }
        };
        if metrics.scope_metrics().next().is_none() {
            return Ok(());
        }
        // All exports are started before the first is awaited, so that a slow one delays no other.
        let mut exports = Vec::new();
        for target in &mut self.targets {
            match target {
                PushTarget::Console(console) => write_metrics(console, &metrics),
                PushTarget::Custom(exporter) => exports.push(exporter.send(&metrics)),
                PushTarget::Otlp(exporter, items) => {
                    exports.push(exporter.send_metrics(metrics.resource(), &items.of(&metrics)));
                }
                PushTarget::OtlpFile(exporter, items, limit) => {
                    exports.push(exporter.send_metrics(metrics.resource(), &items.of(&metrics), *limit));
                }
            }
        }
        // An export without a result was aborted by the shutdown, which counts its items.
        let results = exports.into_iter().map(|export| export.recv().unwrap_or(Ok(())));
        results.fold(Ok(()), Result::and).map_err(|error| FlushError::Failed(error.to_string()))
    }
}
