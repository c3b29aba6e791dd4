//! The exporter of one signal.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    logs::SdkLogRecord,
    trace::SpanData,
};

use super::{
    output::{LineError, LineOutput},
    pending_lines::PendingLines,
};
use crate::{
    diagnostics::{DiagnosticLog, RateLimit, item_count::ItemCount},
    export::{
        otlp::encode::{EncodedItems, Item, ItemScope, MetricItem, by_scope, to_json_lines},
        queue::{Export, LossRecorder, ScopedRecord},
        runtime::{RuntimeHandle, run_blocking},
        stats::recorder::{Reason, StatsRecorder},
    },
};

/// Writes one signal as lines. A write may block, so it runs on a thread of its own, one at a time.
#[derive(Debug)]
pub(crate) struct OtlpFileExporter {
    writer: Arc<BatchWriter>,
    resource: Resource,
    handle: RuntimeHandle,
    /// True while metrics are written.
    is_busy: Arc<AtomicBool>,
}

/// Writes batches and counts their items.
#[derive(Debug)]
struct BatchWriter {
    output: Arc<LineOutput>,
    recorder: Arc<StatsRecorder>,
    diagnostics: DiagnosticLog,
    /// Limits the messages about items that were shortened.
    shortened: RateLimit,
}

/// Counts what the queue cannot accept.
#[derive(Debug)]
struct LineLosses(Arc<StatsRecorder>);

impl OtlpFileExporter {
    pub(crate) fn new(
        output: Arc<LineOutput>,
        resource: &Resource,
        handle: RuntimeHandle,
        recorder: Arc<StatsRecorder>,
        diagnostics: DiagnosticLog,
    ) -> Self {
        let writer = BatchWriter { output, recorder, diagnostics, shortened: RateLimit::default() };
        Self { writer: Arc::new(writer), resource: resource.clone(), handle, is_busy: Arc::default() }
    }

    /// Returns the recorder for the losses of the queue.
    pub(crate) fn losses(&self) -> Box<dyn LossRecorder> {
        Box::new(LineLosses(Arc::clone(&self.writer.recorder)))
    }

    /// Starts to write metrics, unless earlier ones are still being written. The result arrives in
    /// the channel, at the latest after `limit`. The channel disconnects without one if the metrics
    /// are dropped.
    pub(crate) fn send_metrics(
        &self,
        resource: &Resource,
        items: &[(ItemScope<'_>, MetricItem<'_>)],
        limit: Duration,
    ) -> mpsc::Receiver<OTelSdkResult> {
        let data_points = items.iter().map(|(_, metric)| metric.count() as u64).sum();
        let (result, receiver) = mpsc::sync_channel(1);
        let recorder = &self.writer.recorder;
        if self.is_busy.swap(true, Ordering::AcqRel) {
            recorder.refuse(data_points, Reason::QueueFull);
            return receiver;
        }
        let busy = BusyGuard(Arc::clone(&self.is_busy));
        if !recorder.try_emit(data_points) {
            return receiver;
        }
        let pending = PendingLines::new(recorder, data_points);
        let encoded = to_json_lines(resource, items.iter().map(|(scope, metric)| (*scope, metric)));
        let writer = Arc::clone(&self.writer);
        let write = self.handle.spawn(async move {
            let result = writer.write(pending, encoded).await;
            drop(busy);
            result
        });
        drop(self.handle.spawn(async move {
            let written = match tokio::time::timeout(limit, write).await {
                Ok(Ok(written)) => written,
                Ok(Err(error)) if error.is_panic() => {
                    Err(OTelSdkError::InternalFailure("the exporter panicked".to_owned()))
                }
                // The shutdown counts the data points.
                Ok(Err(_)) => return,
                Err(_) => Err(OTelSdkError::Timeout(limit)),
            };
            let _ = result.send(written);
        }));
        receiver
    }

    async fn export_items<T, I: Item>(
        &self,
        batch: Vec<T>,
        split: impl for<'i> Fn(&'i T) -> (ItemScope<'i>, &'i I),
    ) {
        let pending = PendingLines::new(&self.writer.recorder, batch.len() as u64);
        let encoded = to_json_lines(&self.resource, by_scope(&batch, &split));
        drop(batch);
        // The recorder counts and reports failures.
        let _ = self.writer.write(pending, encoded).await;
    }
}

/// Ends the time in which metrics are refused.
struct BusyGuard(Arc<AtomicBool>);

impl Drop for BusyGuard {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl BatchWriter {
    /// Writes lines, and counts their items.
    async fn write(&self, mut pending: PendingLines, encoded: EncodedItems) -> OTelSdkResult {
        self.report_shortened(&encoded.shortened);
        let lines = pending.lines(encoded);
        let output = Arc::clone(&self.output);
        let written = run_blocking(move || {
            let mut result = Ok(());
            for line in lines {
                let written = output.write(&line.bytes);
                if let Err(LineError::Failed(error)) = &written {
                    result = Err(OTelSdkError::InternalFailure(error.to_string()));
                }
                pending.settle(&line, written);
            }
            result
        });
        written.await.unwrap_or_else(|error| Err(OTelSdkError::InternalFailure(error.to_string())))
    }

    fn report_shortened(&self, largest_parts: &[String]) {
        let Some(largest) = largest_parts.first() else { return };
        if let Some(items) = self.shortened.due_for(largest_parts.len() as u64) {
            self.diagnostics.warn(format_args!(
                "{} for {} shortened to the longest line that readers accept: {largest}; \
                 set attribute_value_length_limit",
                ItemCount(items, self.recorder.signal()),
                self.recorder.destination()
            ));
        }
    }
}

impl LossRecorder for LineLosses {
    fn stats(&self) -> &Arc<StatsRecorder> {
        &self.0
    }

    fn refuse(&self, items: u64, reason: Reason) {
        self.0.refuse(items, reason);
    }

    fn flush_pending(&self) {}
}

impl Export<SpanData> for OtlpFileExporter {
    async fn export(&self, batch: Vec<SpanData>) {
        self.export_items(batch, |span| (ItemScope::new(None, &span.instrumentation_scope), span)).await;
    }

    /// Several batches at the same time would wait for each other.
    fn is_healthy(&self) -> bool {
        false
    }
}

impl Export<ScopedRecord> for OtlpFileExporter {
    async fn export(&self, batch: Vec<ScopedRecord>) {
        self.export_items::<_, SdkLogRecord>(batch, |(record, scope)| {
            (ItemScope::new(record.target().map(AsRef::as_ref), scope), record)
        })
        .await;
    }

    fn is_healthy(&self) -> bool {
        false
    }
}
