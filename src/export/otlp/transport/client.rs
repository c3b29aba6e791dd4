//! The client of one destination.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use hyper::body::Bytes;

#[cfg(feature = "grpc")]
use super::grpc::client::GrpcClient;
use super::{connector::Connector, http::HttpClient};
use crate::{
    config::{OtlpProtocol, OtlpSettings, Proxies, Signal},
    diagnostics::DiagnosticLog,
    error::Error,
    export::otlp::{
        encoder::RequestEncoder, export_error::ExportError, response::ExportResponse, secrets::Secrets,
    },
};

/// Sends requests to one destination over HTTP or gRPC.
#[derive(Debug)]
pub(crate) struct OtlpClient {
    encoder: RequestEncoder,
    transport: Transport,
    secrets: Secrets,
    /// The possible cause of a broken connection. With TLS 1.3, a server rejects the client
    /// certificate after the client has begun to send, and its alert may arrive too late.
    hint: Option<String>,
    /// Set by the first success, after which the hint cannot apply.
    has_succeeded: AtomicBool,
}

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "one per exporter, and never moved")]
enum Transport {
    Http(Box<HttpClient>),
    #[cfg(feature = "grpc")]
    Grpc(Box<GrpcClient>),
}

impl OtlpClient {
    /// Creates a client. Half of `limit`, the time limit of a request, limits connecting.
    pub(crate) fn new(
        settings: &OtlpSettings,
        limit: Option<Duration>,
        proxies: &Proxies,
        diagnostics: DiagnosticLog,
    ) -> Result<Self, Error> {
        // The scheme of the endpoint includes `tls.insecure`. The caller handles `timeout` and
        // `retry`, the connector `max_response_size`.
        let OtlpSettings {
            protocol,
            endpoint,
            headers,
            compression,
            timeout: _,
            max_request_size,
            max_response_size: _,
            tls,
            retry: _,
        } = settings;
        // With the whole limit, a connect timeout would look like a missing response.
        let limit = limit.map(|limit| limit / 2);
        let connector = Connector::new(settings, limit, proxies, diagnostics)?;
        let transport = match protocol {
            OtlpProtocol::HttpProtobuf | OtlpProtocol::HttpJson => {
                let client = HttpClient::new(*protocol, endpoint, headers, *compression, connector);
                Transport::Http(Box::new(client))
            }
            #[cfg(feature = "grpc")]
            OtlpProtocol::Grpc => {
                Transport::Grpc(Box::new(GrpcClient::new(endpoint, headers, *compression, connector)))
            }
            #[cfg(not(feature = "grpc"))]
            OtlpProtocol::Grpc => return Err(Error::system("grpc", "built without the feature `grpc`")),
        };
        let hint = endpoint.is_https().then(|| match &tls.files.cert_file {
            Some(file) => format!("the server may have rejected the client certificate {file}"),
            None => "the server may require a client certificate; set `tls.cert_file` and `tls.key_file`"
                .to_owned(),
        });
        let encoder = RequestEncoder::new(*protocol, *compression, max_request_size.get());
        let secrets = Secrets::new(settings, proxies);
        Ok(Self { encoder, transport, secrets, hint, has_succeeded: AtomicBool::new(false) })
    }

    pub(crate) fn encoder(&self) -> &RequestEncoder {
        &self.encoder
    }

    /// Sends an encoded request. All text from the network passes this function, so the messages
    /// contain no secrets.
    #[cfg_attr(not(feature = "grpc"), expect(unused_variables, reason = "the URL contains the signal"))]
    pub(crate) async fn call(&self, signal: Signal, body: Bytes) -> Result<ExportResponse, ExportError> {
        let response = match &self.transport {
            Transport::Http(client) => client.call(body).await,
            #[cfg(feature = "grpc")]
            Transport::Grpc(client) => client.call(signal, body).await,
        };
        match response {
            Ok(response) => {
                self.has_succeeded.store(true, Ordering::Relaxed);
                let message = self.secrets.clean(&response.message);
                Ok(ExportResponse { message, ..response })
            }
            Err(error) => {
                let error = error.map_detail(|detail| self.secrets.clean(detail));
                Err(match &self.hint {
                    Some(hint) if !self.has_succeeded.load(Ordering::Relaxed) => {
                        error.with_hint_if_closed(hint)
                    }
                    _ => error,
                })
            }
        }
    }
}
