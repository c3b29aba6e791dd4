//! The OTLP exporter.
//!
//! - Keys: `[otlp]`, `[otlp.SIGNAL]`, `[exporters.NAME]`
//! - Signals: all
//! - Feature: `grpc` for that protocol, `tls` for `https://`
//!
//! The messages and their conversion are those of opentelemetry-proto. The exporters of opentelemetry-otlp are not used:
//! they add headers and compression from the environment to what they are told, pick their HTTP client by the features
//! of the whole build, and hide the answers of the server.

mod connect;
mod finite;
#[cfg(feature = "grpc")]
mod grpc;
mod http;
#[cfg(feature = "tls")]
mod pem;
mod request;
mod retry;
mod status;
mod tcp;
#[cfg(feature = "tls")]
mod tls;

use std::{future::Future, sync::Arc, time::Duration};

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
    Resource, error::OTelSdkResult, logs::LogBatch, metrics::data::ResourceMetrics, trace::SpanData,
};

#[cfg(feature = "tls")]
pub(crate) use self::tls::inspect;
use self::{
    connect::Connector,
    request::{Answer, OtlpRequest},
    retry::Failure,
};
use crate::{
    build::{
        batch::{Export, ScopedRecord},
        runtime::Spawner,
        tally::Tally,
    },
    config::{OtlpProtocol, OtlpSettings, Timeout},
    diagnostics::Diagnostics,
    error::Error,
    source::Proxies,
};

/// Sends one signal to one destination. Bounded by its timeout whatever the other side does.
#[derive(Debug)]
pub(crate) struct OtlpExporter {
    client: Client,
    spawner: Spawner,
    limit: Option<Duration>,
    resource: ResourceAttributesWithSchema,
    tally: Arc<Tally>,
}

#[derive(Debug, Clone)]
enum Client {
    Http(http::HttpClient),
    #[cfg(feature = "grpc")]
    Grpc(grpc::GrpcClient),
}

impl OtlpExporter {
    /// `timeout` is the signal's own limit for one export; the stricter one counts.
    pub(crate) fn new(
        settings: &OtlpSettings,
        timeout: Timeout,
        resource: &Resource,
        proxies: &Proxies,
        spawner: Spawner,
        tally: Arc<Tally>,
        diagnostics: Diagnostics,
    ) -> Result<Self, Error> {
        // `insecure` was resolved into the scheme of the endpoint, and `tls` concerns the connector.
        let OtlpSettings {
            protocol,
            endpoint,
            headers,
            compression,
            timeout: own_timeout,
            insecure: _,
            tls: _,
        } = settings;
        let limit = own_timeout.min(timeout).limit();
        let connector = Connector::new(settings, limit, proxies, diagnostics)?;
        let client = match protocol {
            OtlpProtocol::HttpProtobuf | OtlpProtocol::HttpJson => {
                Client::Http(http::HttpClient::new(*protocol, endpoint, headers, *compression, connector))
            }
            #[cfg(feature = "grpc")]
            OtlpProtocol::Grpc => {
                Client::Grpc(grpc::GrpcClient::new(endpoint, headers, *compression, limit, connector)?)
            }
            #[cfg(not(feature = "grpc"))]
            OtlpProtocol::Grpc => return Err(Error::system("grpc", "built without the feature `grpc`")),
        };
        Ok(Self { client, spawner, limit, resource: resource.into(), tally })
    }

    /// Starts sending; the future tells how it went. Work goes on whether or not the future is polled.
    fn send<R: OtlpRequest>(
        &self,
        mut request: R,
        items: u64,
    ) -> impl Future<Output = OTelSdkResult> + Send + use<R> {
        let client = self.client.clone();
        let body = match &client {
            Client::Http(client) => client.encode(&mut request),
            #[cfg(feature = "grpc")]
            Client::Grpc(_) => Ok(request.encode_to_vec().into()),
        };
        let closing = self.spawner.closing();
        let limit = self.limit;
        let sent = self.spawner.spawn(async move {
            let body = body.map_err(Failure::permanent)?;
            retry::until(limit, closing, || async {
                match &client {
                    Client::Http(client) => client.call::<R>(body.clone()).await,
                    #[cfg(feature = "grpc")]
                    Client::Grpc(client) => client.call::<R>(body.clone()).await,
                }
            })
            .await
        });
        let tally = Arc::clone(&self.tally);
        async move {
            match sent.await {
                Ok(Ok(Answer { rejected, message })) => {
                    let rejected = rejected.min(items);
                    tally.export(items - rejected);
                    if rejected > 0 {
                        return tally.fail(rejected, format_args!("refused by the server: {message}"));
                    }
                    if !message.is_empty() {
                        tally.remark(&message);
                    }
                    Ok(())
                }
                Ok(Err(failure)) => tally.fail(items, failure),
                Err(ended) if ended.is_panic() => tally.fail(items, "the exporter panicked"),
                Err(_) => tally.fail(items, "no answer before telemetry was shut down"),
            }
        }
    }

    pub(crate) fn tally(&self) -> Arc<Tally> {
        Arc::clone(&self.tally)
    }

    /// Starts sending metrics.
    pub(crate) fn send_metrics(
        &self,
        metrics: &ResourceMetrics,
        data_points: u64,
    ) -> impl Future<Output = OTelSdkResult> + Send + use<> {
        self.tally.emit(data_points);
        self.send(ExportMetricsServiceRequest::from(metrics), data_points)
    }
}

impl Export<SpanData> for OtlpExporter {
    async fn export(&self, batch: Vec<SpanData>) {
        let items = batch.len() as u64;
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        // What went wrong is in the account.
        let _ = self.send(ExportTraceServiceRequest { resource_spans }, items).await;
    }
}

impl Export<ScopedRecord> for OtlpExporter {
    async fn export(&self, batch: Vec<ScopedRecord>) {
        let items = batch.len() as u64;
        let request = {
            let batch: Vec<_> = batch.iter().map(|(record, scope)| (record, scope)).collect();
            let resource_logs = group_logs_by_resource_and_scope(&LogBatch::new(&batch), &self.resource);
            ExportLogsServiceRequest { resource_logs }
        };
        let _ = self.send(request, items).await;
    }
}
