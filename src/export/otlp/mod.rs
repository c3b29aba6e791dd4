//! The OTLP exporter.
//!
//! - Keys: `[otlp]`, `[otlp.SIGNAL]`, `[exporters.NAME]`
//! - Signals: all
//! - Feature: `grpc` for that protocol, `tls` for `https://`
//!
//! The messages and their conversion are those of opentelemetry-proto. The exporters of opentelemetry-otlp are not used:
//! they add headers and compression from the environment to what they are told, pick their HTTP client by the features
//! of the whole build, and hide the answers of the server.

pub(crate) mod error_type;
pub(crate) mod export_error;
mod export_timer;
mod health;
mod json_floats;
mod loss_recorder;
pub(crate) mod request;
mod response;
mod response_code;
mod retry;
mod split;
pub(crate) mod transport;

use std::{future::Future, sync::Arc};

use opentelemetry_proto::{
    tonic::collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    transform::{
        common::tonic::ResourceAttributesWithSchema, logs::tonic::group_logs_by_resource_and_scope,
        trace::tonic::group_spans_by_resource_and_scope,
    },
};
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    logs::LogBatch,
    metrics::data::ResourceMetrics,
    trace::SpanData,
};

#[cfg(feature = "tls")]
pub(crate) use self::transport::tls::inspect;
use self::{
    error_type::ErrorType,
    export_error::ExportError,
    export_timer::Outcome,
    request::{Answer, OtlpRequest},
    response_code::ResponseCode,
    retry::RetryPolicy,
    transport::Client,
};
pub(crate) use self::{
    export_timer::{DurationHistogram, DurationRecorder},
    health::{DestinationHealth, ExportRecorder},
};
use super::{
    queue::{Export, ScopedRecord},
    runtime::RuntimeHandle,
};
use crate::{
    config::{OtlpSettings, Proxies, Signal, Timeout},
    diagnostics::Diagnostics,
    error::Error,
};

/// Without TLS no files are read.
#[cfg(not(feature = "tls"))]
pub(crate) fn inspect(_: &crate::config::Config) -> crate::error::Inspection {
    crate::error::Inspection::default()
}

/// Sends one signal to one destination. Bounded by its timeout whatever the other side does.
#[derive(Debug)]
pub(crate) struct OtlpExporter {
    sender: Arc<Sender>,
    resource: ResourceAttributesWithSchema,
}

/// What is needed to send what was converted.
#[derive(Debug)]
struct Sender {
    client: Client,
    handle: RuntimeHandle,
    rules: RetryPolicy,
    recorder: ExportRecorder,
}

/// The largest message that receivers of gRPC take unless they are told otherwise, before compression.
const LARGEST: usize = 4 * 1024 * 1024;

impl OtlpExporter {
    /// `timeout` is the signal's own limit for one export; the stricter one counts.
    pub(crate) fn new(
        settings: &OtlpSettings,
        timeout: Timeout,
        resource: &Resource,
        proxies: &Proxies,
        handle: RuntimeHandle,
        recorder: ExportRecorder,
        diagnostics: Diagnostics,
    ) -> Result<Self, Error> {
        let limit = settings.timeout.min(timeout).limit();
        let retry_while_unavailable = recorder.signal() != Signal::Metrics;
        let rules = RetryPolicy { limit, settings: settings.retry, retry_while_unavailable };
        let client = Client::new(settings, limit, proxies, diagnostics)?;
        let sender = Sender { client, handle, rules, recorder };
        Ok(Self { sender: Arc::new(sender), resource: resource.into() })
    }

    pub(crate) fn recorder(&self) -> ExportRecorder {
        self.sender.recorder.clone()
    }

    /// Starts sending metrics; the future tells how it went. Work goes on whether or not the future is polled.
    pub(crate) fn send_metrics(
        &self,
        metrics: &ResourceMetrics,
        data_points: u64,
    ) -> impl Future<Output = OTelSdkResult> + Send + use<> {
        let recorder = self.recorder();
        // A callback of the program may have taken longer than there was time.
        let sent = recorder.try_emit(data_points).then(|| {
            let request = ExportMetricsServiceRequest::from(metrics);
            let sender = Arc::clone(&self.sender);
            self.sender.handle.spawn(async move { sender.send(request).await })
        });
        async move {
            let Some(sent) = sent else { return Err(OTelSdkError::AlreadyShutdown) };
            match sent.await {
                Ok(result) => result,
                // A part of them may have been delivered before.
                Err(ended) if ended.is_panic() => recorder.panicked(recorder.stats().queued()),
                // Shutting down settles the account.
                Err(_) => Err(OTelSdkError::AlreadyShutdown),
            }
        }
    }
}

impl Sender {
    /// Delivers everything that is in `request`, in pieces that are not too large, and counts it.
    async fn send<R: OtlpRequest>(&self, request: R) -> OTelSdkResult {
        let running = self.recorder.timer().map(DurationRecorder::start);
        let mut end = Outcome::default();
        let mut result = Ok(());
        let mut waiting = vec![request];
        while let Some(mut request) = waiting.pop() {
            let items = request.items();
            let sent = match self.client.encode(&mut request) {
                Ok(body) if body.len() <= LARGEST => {
                    // Not to be held for as long as an outage lasts.
                    drop(request);
                    self.deliver::<R>(body, items).await
                }
                Ok(_) if items > 1 => {
                    let rest = request.split_off(items / 2);
                    waiting.extend([rest, request]);
                    continue;
                }
                Ok(body) => {
                    let detail = format!("an item of {} bytes, with a limit of {LARGEST}", body.len());
                    Err((items, ExportError::permanent(ErrorType::Oversized, detail)))
                }
                Err(failure) => Err((items, failure)),
            };
            match sent {
                Ok(code) => end.code = code,
                Err((lost, failure)) => {
                    result = result.and(self.recorder.fail(lost, &failure));
                    end = Outcome { code: failure.code(), error: Some(failure.kind()) };
                }
            }
        }
        if let Some(running) = running {
            running.stop(&end);
        }
        result
    }

    /// Returns the code of the answer; or how many of the items were lost, and why.
    async fn deliver<R: OtlpRequest>(
        &self,
        body: Vec<u8>,
        items: u64,
    ) -> Result<Option<ResponseCode>, (u64, ExportError)> {
        let recorder = &self.recorder;
        let body = self.client.compress(body).map_err(|failure| (items, failure))?;
        let call = || self.client.call::<R>(body.clone());
        let tell = |failure: &ExportError| recorder.fail_for_now(failure);
        let answer = retry::retry(self.rules, self.handle.shutdown_signal(), call, tell).await;
        let Answer { rejected, message, code } = answer.map_err(|failure| (items, failure))?;
        let rejected = rejected.min(items);
        if rejected < items {
            recorder.export(items - rejected);
        }
        if rejected > 0 {
            return Err((rejected, ExportError::permanent(ErrorType::Partial, message).answered(code)));
        }
        if !message.is_empty() {
            recorder.server_warning(&message);
        }
        Ok(code)
    }
}

impl Export<SpanData> for OtlpExporter {
    async fn export(&self, batch: Vec<SpanData>) {
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        // What went wrong is in the account.
        let _ = self.sender.send(ExportTraceServiceRequest { resource_spans }).await;
    }
}

impl Export<ScopedRecord> for OtlpExporter {
    async fn export(&self, batch: Vec<ScopedRecord>) {
        let request = {
            let batch: Vec<_> = batch.iter().map(|(record, scope)| (record, scope)).collect();
            let resource_logs = group_logs_by_resource_and_scope(&LogBatch::new(&batch), &self.resource);
            ExportLogsServiceRequest { resource_logs }
        };
        // The request is a copy.
        drop(batch);
        let _ = self.sender.send(request).await;
    }
}
