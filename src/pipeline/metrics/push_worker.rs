//! Collects metrics and pushes them to their destinations.

use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::Duration,
};

use arc_swap::ArcSwap;
use opentelemetry_sdk::{error::OTelSdkResult, metrics::data::ResourceMetrics};

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

/// A destination of pushes. A reload may replace the exporter.
#[derive(Debug)]
pub(crate) enum PushTarget {
    Console(ArcSwap<ConsoleExporter>),
    /// An exporter of the program.
    Custom(Arc<dyn SendMetrics>),
    Otlp(ArcSwap<OtlpExporter>, SharedItems),
    OtlpFile(ArcSwap<LinePush>, SharedItems),
}

/// The data points that the exporters of one name have received, for the differences to the next
/// ones.
pub(crate) type SharedItems = Arc<Mutex<MetricItems>>;

/// Writes metrics as lines.
#[derive(Debug)]
pub(crate) struct LinePush {
    pub(super) exporter: OtlpFileExporter,
    /// The longest time to wait for a write.
    pub(super) limit: Duration,
}

impl PushTarget {
    pub(super) fn set_console(&self, console: Arc<ConsoleExporter>) {
        if let Self::Console(current) = self {
            current.store(console);
        }
    }

    pub(super) fn set_otlp(&self, exporter: Arc<OtlpExporter>) {
        if let Self::Otlp(current, _) = self {
            current.store(exporter);
        }
    }

    pub(super) fn set_lines(&self, push: Arc<LinePush>) {
        if let Self::OtlpFile(current, _) = self {
            current.store(push);
        }
    }

    /// Starts to push the metrics of collection `number`. Returns where the result arrives, if it
    /// does later.
    fn send(&self, metrics: &Arc<ResourceMetrics>, number: u64) -> Option<mpsc::Receiver<OTelSdkResult>> {
        match self {
            Self::Console(console) => {
                write_metrics(&console.load_full(), metrics);
                None
            }
            Self::Custom(exporter) => Some(exporter.send(metrics)),
            Self::Otlp(exporter, items) => {
                let mut items = items.lock().unwrap_or_else(PoisonError::into_inner);
                Some(exporter.load_full().send_metrics(metrics.resource(), &items.of(metrics, number)?))
            }
            Self::OtlpFile(push, items) => {
                let push = push.load_full();
                let mut items = items.lock().unwrap_or_else(PoisonError::into_inner);
                Some(push.exporter.send_metrics(metrics.resource(), &items.of(metrics, number)?, push.limit))
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct PushWorker {
    collector: Arc<Collector>,
    targets: Vec<Arc<PushTarget>>,
    diagnostics: DiagnosticLog,
    limit: RateLimit,
}

impl PushWorker {
    pub(super) fn new(
        collector: Arc<Collector>,
        targets: Vec<Arc<PushTarget>>,
        diagnostics: DiagnosticLog,
    ) -> Self {
        Self { collector, targets, diagnostics, limit: RateLimit::default() }
    }

    /// Pushes all recorded values, and those that callbacks observe within `callback_timeout`.
    pub(super) fn push(&mut self, callback_timeout: Duration) -> Result<(), FlushError> {
        let (metrics, number) = match self.collector.collect_next(callback_timeout) {
            Ok((metrics, number)) => (Arc::new(metrics), number),
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
        let exports: Vec<_> =
            self.targets.iter().filter_map(|target| target.send(&metrics, number)).collect();
        // An export without a result was aborted by the shutdown, which counts its items.
        let results = exports.into_iter().map(|export| export.recv().unwrap_or(Ok(())));
        results.fold(Ok(()), Result::and).map_err(|error| FlushError::Failed(error.to_string()))
    }
}
