//! An exporter of the program.

use std::{
    fmt, io,
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::Duration,
};

use futures_executor::block_on;
use opentelemetry_sdk::{
    error::{OTelSdkError, OTelSdkResult},
    logs::{LogBatch, LogExporter},
    metrics::{data::ResourceMetrics, exporter::PushMetricExporter},
    trace::{SpanData, SpanExporter},
};

use super::exporter_thread::{CallError, ExporterThread};
use crate::export::{
    otlp::encode::count_data_points,
    queue::{Export, ScopedRecord},
    runtime::RuntimeHandle,
    stats::recorder::StatsRecorder,
};

/// An exporter of the program for one signal. Clones share it.
pub(crate) struct CustomExporter<E> {
    pub(super) thread: Arc<ExporterThread<E>>,
    pub(super) runtime: RuntimeHandle,
    pub(super) recorder: Arc<StatsRecorder>,
    /// The longest time of one export, which a reload may change.
    limit: Arc<Mutex<Duration>>,
}

impl<E> fmt::Debug for CustomExporter<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomExporter").field("recorder", &self.recorder).finish_non_exhaustive()
    }
}

impl<E> Clone for CustomExporter<E> {
    fn clone(&self) -> Self {
        let (thread, recorder) = (Arc::clone(&self.thread), Arc::clone(&self.recorder));
        Self { thread, runtime: self.runtime.clone(), recorder, limit: Arc::clone(&self.limit) }
    }
}

impl<E: Send + 'static> CustomExporter<E> {
    /// Starts the thread.
    pub(crate) fn start(
        name: &str,
        exporter: E,
        runtime: RuntimeHandle,
        recorder: Arc<StatsRecorder>,
        limit: Duration,
    ) -> io::Result<Self> {
        let thread = Arc::new(ExporterThread::start(name, exporter, &runtime)?);
        Ok(Self { thread, runtime, recorder, limit: Arc::new(Mutex::new(limit)) })
    }

    pub(super) fn set_limit(&self, limit: Duration) {
        *self.limit.lock().unwrap_or_else(PoisonError::into_inner) = limit;
    }

    /// Exports items, and counts them by the result.
    async fn export_items(
        &self,
        items: u64,
        call: impl FnOnce(&E) -> OTelSdkResult + Send + 'static,
    ) -> OTelSdkResult {
        let recorder = &self.recorder;
        let limit = *self.limit.lock().unwrap_or_else(PoisonError::into_inner);
        match self.thread.call(limit, call).await {
            Ok(Ok(())) => {
                recorder.export_timed(items);
                Ok(())
            }
            Ok(Err(OTelSdkError::Timeout(limit))) => {
                recorder.fail(items, "timeout", CallError::TimedOut(limit))
            }
            Ok(Err(error)) => recorder.fail(items, "_OTHER", error),
            Err(error @ CallError::TimedOut(_)) => recorder.fail(items, "timeout", error),
            Err(error @ CallError::Panicked) => recorder.fail(items, "_OTHER", error),
        }
    }
}

impl<E: SpanExporter + 'static> Export<SpanData> for CustomExporter<E> {
    async fn export(&self, batch: Vec<SpanData>) {
        let items = batch.len() as u64;
        // The recorder reports failures.
        let _ = self.export_items(items, |exporter| block_on(exporter.export(batch))).await;
    }

    /// The interface of the SDK allows one export at a time.
    fn is_healthy(&self) -> bool {
        false
    }
}

impl<E: LogExporter + 'static> Export<ScopedRecord> for CustomExporter<E> {
    async fn export(&self, batch: Vec<ScopedRecord>) {
        let items = batch.len() as u64;
        let call = move |exporter: &E| {
            let records: Vec<_> = batch.iter().map(|(record, scope)| (record, &**scope)).collect();
            block_on(exporter.export(LogBatch::new(&records)))
        };
        // The recorder reports failures.
        let _ = self.export_items(items, call).await;
    }

    /// The interface of the SDK allows one export at a time.
    fn is_healthy(&self) -> bool {
        false
    }
}

/// Receives the metrics of each push.
pub(crate) trait SendMetrics: fmt::Debug + Send + Sync {
    /// Starts to export metrics. The result arrives in the channel, which disconnects without one
    /// if telemetry is shut down.
    fn send(&self, metrics: &Arc<ResourceMetrics>) -> mpsc::Receiver<OTelSdkResult>;
}

impl<E: PushMetricExporter> SendMetrics for CustomExporter<E> {
    fn send(&self, metrics: &Arc<ResourceMetrics>) -> mpsc::Receiver<OTelSdkResult> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let data_points = count_data_points(metrics);
        if !self.recorder.try_emit(data_points) {
            return receiver;
        }
        let (this, metrics) = (self.clone(), Arc::clone(metrics));
        drop(self.runtime.spawn(async move {
            let call = move |exporter: &E| block_on(exporter.export(&metrics));
            let _ = sender.send(this.export_items(data_points, call).await);
        }));
        receiver
    }
}
