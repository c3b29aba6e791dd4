//! The exporter of one signal to one destination.

use std::sync::{Arc, mpsc};

use opentelemetry_proto::{
    tonic::collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    transform::{
        common::tonic::ResourceAttributesWithSchema, logs::tonic::group_logs_by_resource_and_scope,
        trace::tonic::group_spans_by_resource_and_scope,
    },
};
use opentelemetry_sdk::{
    Resource, error::OTelSdkResult, logs::LogBatch, metrics::data::ResourceMetrics, trace::SpanData,
};

use super::{
    error_type::ErrorType,
    export_error::ExportError,
    export_recorder::ExportRecorder,
    export_timer::{DurationRecorder, Outcome},
    request::OtlpRequest,
    response::ExportResponse,
    response_code::ResponseCode,
    retry::{RetryPolicy, retry},
    shorten::{MAX_REQUEST_BYTES, Shortened, shorten},
    transport::client::OtlpClient,
    wire_range::{limit_record, limit_span, metrics_request},
};
use crate::{
    config::{OtlpSettings, Proxies, Signal, Timeout},
    diagnostics::{DiagnosticLog, RateLimit, item_count::ItemCount},
    error::Error,
    export::{
        queue::{Export, ScopedRecord},
        runtime::RuntimeHandle,
    },
};

/// Exports one signal to one destination. Its timeout limits each export, whatever the server does.
#[derive(Debug)]
pub(crate) struct OtlpExporter {
    sender: Arc<RequestSender>,
    resource: ResourceAttributesWithSchema,
}

/// Sends converted requests.
#[derive(Debug)]
struct RequestSender {
    client: OtlpClient,
    handle: RuntimeHandle,
    policy: RetryPolicy,
    recorder: ExportRecorder,
    diagnostics: DiagnosticLog,
    /// Limits the lines about items that were shortened.
    shortened: RateLimit,
}

impl OtlpExporter {
    /// Creates an exporter. `timeout` is the signal's own limit for one export; the shorter of it
    /// and that of `settings` applies.
    pub(crate) fn new(
        settings: &OtlpSettings,
        timeout: Timeout,
        resource: &Resource,
        proxies: &Proxies,
        handle: RuntimeHandle,
        recorder: ExportRecorder,
        diagnostics: DiagnosticLog,
    ) -> Result<Self, Error> {
        let limit = settings.timeout.min(timeout).limit();
        let retry_while_unavailable = recorder.signal() != Signal::Metrics;
        let policy = RetryPolicy { limit, settings: settings.retry, retry_while_unavailable };
        let client = OtlpClient::new(settings, limit, proxies, diagnostics)?;
        let shortened = RateLimit::default();
        let sender = RequestSender { client, handle, policy, recorder, diagnostics, shortened };
        Ok(Self { sender: Arc::new(sender), resource: resource.into() })
    }

    pub(crate) fn recorder(&self) -> ExportRecorder {
        self.sender.recorder.clone()
    }

    /// Starts to export metrics. The result arrives in the channel, which disconnects without one
    /// if the runtime stops.
    pub(crate) fn send_metrics(
        &self,
        metrics: &ResourceMetrics,
        data_points: u64,
    ) -> mpsc::Receiver<OTelSdkResult> {
        let (result, receiver) = mpsc::sync_channel(1);
        let recorder = self.recorder();
        // Telemetry may have been shut down while a slow callback ran.
        if !recorder.try_emit(data_points) {
            return receiver;
        }
        let request = metrics_request(metrics);
        let sender = Arc::clone(&self.sender);
        let task = self.sender.handle.spawn(async move { sender.send(request).await });
        drop(self.sender.handle.spawn(async move {
            let sent = match task.await {
                Ok(sent) => sent,
                // Some of the data points may have been delivered before.
                Err(error) if error.is_panic() => recorder.panicked(recorder.stats().queued()),
                // The shutdown counts the data points.
                Err(_) => return,
            };
            let _ = result.send(sent);
        }));
        receiver
    }
}

impl RequestSender {
    /// Sends all items of `request`, split into requests below the size limit, and counts them.
    async fn send<R: OtlpRequest>(&self, request: R) -> OTelSdkResult {
        let timer = self.recorder.durations().map(DurationRecorder::start);
        let mut outcome = Outcome::default();
        let mut result = Ok(());
        let mut pending = vec![request];
        while let Some(mut request) = pending.pop() {
            let items = request.items();
            let delivered = match self.client.encoder().encode(&mut request) {
                Ok(body) if body.len() <= MAX_REQUEST_BYTES => {
                    // Frees the memory before an outage can delay the delivery.
                    drop(request);
                    self.deliver::<R>(body, items).await
                }
                Ok(_) if items > 1 => {
                    let rest = request.split_off(items / 2);
                    pending.extend([rest, request]);
                    continue;
                }
                Ok(body) => match self.shorten(&mut request, body.len()) {
                    Ok(body) => {
                        drop(request);
                        self.deliver::<R>(body, items).await
                    }
                    Err(error) => Err((items, error)),
                },
                Err(error) => Err((items, error)),
            };
            match delivered {
                Ok(code) => outcome.code = code,
                Err((lost, error)) => {
                    result = result.and(self.recorder.fail(lost, &error));
                    outcome = Outcome { code: error.code(), error: Some(error.error_type()) };
                }
            }
        }
        if let Some(timer) = timer {
            timer.stop(&outcome);
        }
        result
    }

    /// Shortens a request of `len` bytes with a single item, and returns its body.
    fn shorten<R: OtlpRequest>(&self, request: &mut R, len: usize) -> Result<Vec<u8>, ExportError> {
        match shorten(self.client.encoder(), request, len)? {
            Shortened::Fits(body, largest) => {
                if let Some(items) = self.shortened.due_for(1) {
                    let stats = self.recorder.stats();
                    self.diagnostics.warn(format_args!(
                        "{} for {} shortened to {MAX_REQUEST_BYTES} bytes, the limit of a request: {largest}; \
                         set attribute_value_length_limit",
                        ItemCount(items, stats.signal()),
                        stats.destination()
                    ));
                }
                Ok(body)
            }
            Shortened::TooLarge(largest) => {
                let detail = format!(
                    "an item of {len} bytes exceeds the limit of {MAX_REQUEST_BYTES} bytes; {largest}"
                );
                Err(ExportError::permanent(ErrorType::Oversized, detail))
            }
        }
    }

    /// Sends one body, and returns the code of the response. The error contains the number of lost
    /// items.
    async fn deliver<R: OtlpRequest>(
        &self,
        body: Vec<u8>,
        items: u64,
    ) -> Result<Option<ResponseCode>, (u64, ExportError)> {
        let recorder = &self.recorder;
        let body = self.client.encoder().finish(body).map_err(|error| (items, error))?;
        let attempt = || self.client.call::<R>(body.clone());
        let on_retry = |error: &ExportError| recorder.retry(error);
        let response = retry(self.policy, self.handle.shutdown_signal(), attempt, on_retry).await;
        let ExportResponse { rejected, message, code } = response.map_err(|error| (items, error))?;
        let rejected = rejected.min(items);
        if rejected < items {
            recorder.export(items - rejected);
        }
        if rejected > 0 {
            let message = if message.is_empty() { "no reason given".to_owned() } else { message };
            let error = ExportError::permanent(ErrorType::PartialSuccess, message).with_code(code);
            return Err((rejected, error));
        }
        if !message.is_empty() {
            recorder.server_warning(&message);
        }
        Ok(code)
    }
}

impl Export<SpanData> for OtlpExporter {
    async fn export(&self, mut batch: Vec<SpanData>) {
        batch.iter_mut().for_each(limit_span);
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        // The recorder counts and reports failures.
        let _ = self.sender.send(ExportTraceServiceRequest { resource_spans }).await;
    }
}

impl Export<ScopedRecord> for OtlpExporter {
    async fn export(&self, mut batch: Vec<ScopedRecord>) {
        for (record, _) in &mut batch {
            limit_record(record);
        }
        let request = {
            let batch: Vec<_> = batch.iter().map(|(record, scope)| (record, scope)).collect();
            let resource_logs = group_logs_by_resource_and_scope(&LogBatch::new(&batch), &self.resource);
            ExportLogsServiceRequest { resource_logs }
        };
        // The request is a copy. Dropping the batch frees its memory before an outage can delay the
        // delivery.
        drop(batch);
        let _ = self.sender.send(request).await;
    }
}
