//! The exporter of one signal to one destination.

use std::sync::{Arc, mpsc};

use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    logs::SdkLogRecord,
    trace::SpanData,
};

use super::{
    delivery_state::DeliveryState,
    encode::{EncodedItems, EncodedRequest, Item, ItemScope, MetricItem, TooLarge, by_scope},
    error_type::ErrorType,
    export_error::ExportError,
    export_recorder::ExportRecorder,
    export_timer::{DurationRecorder, Outcome},
    response::ExportResponse,
    retry::{RetryPolicy, retry},
    transport::client::OtlpClient,
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
    resource: Resource,
}

/// Sends encoded requests.
#[derive(Debug)]
struct RequestSender {
    client: OtlpClient,
    handle: RuntimeHandle,
    policy: RetryPolicy,
    recorder: ExportRecorder,
    diagnostics: DiagnosticLog,
    deliveries: DeliveryState,
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
        let (deliveries, shortened) = (DeliveryState::default(), RateLimit::default());
        let sender = RequestSender { client, handle, policy, recorder, diagnostics, deliveries, shortened };
        Ok(Self { sender: Arc::new(sender), resource: resource.clone() })
    }

    pub(crate) fn recorder(&self) -> ExportRecorder {
        self.sender.recorder.clone()
    }

    /// Starts to export metrics. The result arrives in the channel, which disconnects without one
    /// if the runtime stops.
    pub(crate) fn send_metrics(
        &self,
        resource: &Resource,
        items: &[(ItemScope<'_>, MetricItem<'_>)],
    ) -> mpsc::Receiver<OTelSdkResult> {
        let data_points = items.iter().map(|(_, metric)| metric.count() as u64).sum();
        let (result, receiver) = mpsc::sync_channel(1);
        let recorder = self.recorder();
        // Telemetry may have been shut down while a slow callback ran.
        if !recorder.try_emit(data_points) {
            return receiver;
        }
        let export = RunningExport { sender: Arc::clone(&self.sender), unsettled: data_points };
        let items = items.iter().map(|(scope, metric)| (*scope, metric));
        let encoded = self.sender.client.encoder().encode(resource, items);
        let task = self.sender.handle.spawn(export.send(encoded));
        drop(self.sender.handle.spawn(async move {
            let sent = match task.await {
                Ok(sent) => sent,
                Err(error) if error.is_panic() => Err(OTelSdkError::InternalFailure(PANICKED.to_owned())),
                // The shutdown counts the data points.
                Err(_) => return,
            };
            let _ = result.send(sent);
        }));
        receiver
    }

    /// Exports items of the same signal.
    async fn export_items<T, I: Item>(
        &self,
        batch: Vec<T>,
        split: impl for<'i> Fn(&'i T) -> (ItemScope<'i>, &'i I),
    ) {
        let export = RunningExport { sender: Arc::clone(&self.sender), unsettled: batch.len() as u64 };
        let items = by_scope(&batch, &split);
        let encoded = self.sender.client.encoder().encode(&self.resource, items);
        // The requests are a copy. Dropping the batch frees its memory before an outage can delay
        // the delivery.
        drop(batch);
        // The recorder counts and reports failures.
        let _ = export.send(encoded).await;
    }
}

/// An export that has begun. If it panics, the items without an outcome are lost.
#[derive(Debug)]
struct RunningExport {
    sender: Arc<RequestSender>,
    /// The items that are not counted yet.
    unsettled: u64,
}

impl Drop for RunningExport {
    fn drop(&mut self) {
        if std::thread::panicking() && self.unsettled > 0 {
            let _ = self.sender.recorder.fail(self.unsettled, &ExportError::internal(PANICKED));
        }
    }
}

const PANICKED: &str = "the exporter panicked";

impl RunningExport {
    /// Sends the requests, and counts their items.
    async fn send(mut self, encoded: EncodedItems) -> OTelSdkResult {
        let sender = Arc::clone(&self.sender);
        let timer = sender.recorder.durations().map(DurationRecorder::start);
        let EncodedItems { requests, shortened, too_large } = encoded;
        sender.report_shortened(&shortened);
        let mut outcome = Outcome::default();
        let mut result = Ok(());
        for item in too_large {
            let TooLarge { bytes, largest } = item;
            let limit = sender.client.encoder().max_bytes();
            let detail = format!("an item of {bytes} bytes exceeds the limit of {limit} bytes; {largest}");
            let error = ExportError::permanent(ErrorType::Oversized, detail);
            result = result.and(self.fail(1, &error, &mut outcome));
        }
        for EncodedRequest { body, items } in requests {
            match sender.deliver(body).await {
                Ok(ExportResponse { rejected, message, code }) => {
                    let rejected = rejected.min(items);
                    self.export(items - rejected);
                    outcome.code = code;
                    if rejected > 0 {
                        let reason = if message.is_empty() { "no reason given".to_owned() } else { message };
                        let error = ExportError::permanent(ErrorType::PartialSuccess, reason).with_code(code);
                        result = result.and(self.fail(rejected, &error, &mut outcome));
                    } else if !message.is_empty() {
                        sender.recorder.server_warning(&message);
                    }
                }
                Err(error) => result = result.and(self.fail(items, &error, &mut outcome)),
            }
        }
        if let Some(timer) = timer {
            timer.stop(&outcome);
        }
        result
    }

    fn export(&mut self, items: u64) {
        if items > 0 {
            self.sender.recorder.export(items);
            self.unsettled -= items;
        }
    }

    fn fail(&mut self, items: u64, error: &ExportError, outcome: &mut Outcome) -> OTelSdkResult {
        *outcome = Outcome { code: error.code(), error: Some(error.error_type()) };
        self.unsettled -= items;
        self.sender.recorder.fail(items, error)
    }
}

impl RequestSender {
    fn report_shortened(&self, largest_parts: &[String]) {
        let Some(largest) = largest_parts.first() else { return };
        if let Some(items) = self.shortened.due_for(largest_parts.len() as u64) {
            let (stats, limit) = (self.recorder.stats(), self.client.encoder().max_bytes());
            self.diagnostics.warn(format_args!(
                "{} for {} shortened to {limit} bytes, the limit of a request: {largest}; \
                 set attribute_value_length_limit",
                ItemCount(items, stats.signal()),
                stats.destination()
            ));
        }
    }

    /// Sends one request until a server accepts or refuses it.
    async fn deliver(&self, request: Vec<u8>) -> Result<ExportResponse, ExportError> {
        let recorder = &self.recorder;
        let body = self.client.encoder().finish(request)?;
        let delivery = self.deliveries.begin();
        let attempt = || self.client.call(recorder.signal(), body.clone());
        let on_retry = |error: &ExportError| {
            delivery.retry();
            recorder.retry(error);
        };
        let response = retry(self.policy, self.handle.shutdown_signal(), attempt, on_retry).await;
        delivery.end(response.is_ok());
        response
    }
}

impl Export<SpanData> for OtlpExporter {
    async fn export(&self, batch: Vec<SpanData>) {
        self.export_items(batch, |span| (ItemScope::new(None, &span.instrumentation_scope), span)).await;
    }

    fn is_healthy(&self) -> bool {
        self.sender.deliveries.is_healthy()
    }
}

impl Export<ScopedRecord> for OtlpExporter {
    async fn export(&self, batch: Vec<ScopedRecord>) {
        self.export_items::<_, SdkLogRecord>(batch, |(record, scope)| {
            (ItemScope::new(record.target().map(AsRef::as_ref), scope), record)
        })
        .await;
    }

    fn is_healthy(&self) -> bool {
        self.sender.deliveries.is_healthy()
    }
}

#[cfg(test)]
mod tests {
    use hyper_util::client::proxy::matcher::Matcher;

    use super::*;
    use crate::{
        config::{Config, ExporterName, no_proxy::NoProxy},
        export::{otlp::DestinationHealth, runtime::ExportRuntime, stats::recorder::StatsRecorder},
    };

    #[test]
    fn panic_in_an_export_loses_the_items_without_an_outcome() {
        let config = Config::default();
        let settings = config.otlp_settings(&ExporterName::Otlp, Signal::Traces).unwrap();
        let proxies = Proxies::new(Matcher::builder().build(), NoProxy::new(""), None, None);
        let diagnostics = DiagnosticLog::new(config.diagnostics);
        let place = settings.endpoint.host_and_port();
        let stats = StatsRecorder::new(Signal::Traces, ExporterName::Otlp, &place, diagnostics);
        let health = Arc::new(DestinationHealth::new(place, diagnostics));
        let recorder = ExportRecorder::new(Arc::new(stats), health, None);
        let runtime = ExportRuntime::start().unwrap();
        let exporter = OtlpExporter::new(
            &settings,
            settings.timeout,
            &Resource::builder_empty().build(),
            &proxies,
            runtime.handle(),
            recorder.clone(),
            diagnostics,
        )
        .unwrap();
        let stats = recorder.stats();
        assert!(recorder.try_emit(5));
        let mut export = RunningExport { sender: exporter.sender, unsettled: 5 };
        export.export(2);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _export = export;
            panic!("a fault of the exporter");
        }))
        .unwrap_err();
        let snapshot = stats.snapshot();
        assert_eq!((snapshot.exported, snapshot.queued), (2, 0));
        assert_eq!(snapshot.failed_by_cause.values().sum::<u64>(), 3);
    }
}
