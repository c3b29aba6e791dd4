//! Documents that are fetched over HTTP.

use std::time::Duration;

use super::{connector::Connector, http::HttpClient};
use crate::{
    config::{Endpoint, Otlp, OtlpProtocol, OtlpSettings, Proxies, Signal},
    diagnostics::DiagnosticLog,
    error::Error,
    export::otlp::{error_type::ErrorType, export_error::ExportError, secrets::Secrets},
};

/// Fetches a document. Time and size are limited.
#[derive(Debug)]
pub(crate) struct DocumentClient {
    client: HttpClient,
    secrets: Secrets,
    limit: Duration,
    place: String,
}

impl DocumentClient {
    /// Creates a client for a URL with a parameter. Half of `limit`, the time limit of a request,
    /// limits connecting.
    pub(crate) fn new(
        url: Endpoint,
        (parameter, value): (&str, &str),
        limit: Duration,
        proxies: &Proxies,
        diagnostics: DiagnosticLog,
    ) -> Result<Self, Error> {
        let place = url.host_and_port();
        let settings = OtlpSettings { endpoint: url, ..Otlp::default().settings(Signal::Traces) };
        let connector = Connector::new(&settings, Some(limit / 2), proxies, diagnostics)?;
        let OtlpSettings { endpoint, headers, compression, .. } = &settings;
        let endpoint = endpoint.with_parameter(parameter, value);
        let client = HttpClient::new(OtlpProtocol::HttpJson, &endpoint, headers, *compression, connector);
        Ok(Self { client, secrets: Secrets::new(&settings, proxies), limit, place })
    }

    /// Fetches the document and reads it with `parse`.
    ///
    /// # Errors
    ///
    /// Returns a description of the failure, as the beginning of a line.
    pub(crate) async fn fetch<T>(&self, parse: impl FnOnce(&[u8]) -> Result<T, String>) -> Result<T, String> {
        let document = tokio::time::timeout(self.limit, self.client.get()).await;
        let document = document.unwrap_or_else(|_| Err(ExportError::timeout(self.limit)));
        let parsed = document.and_then(|document| {
            parse(&document).map_err(|detail| ExportError::permanent(ErrorType::InvalidResponse, detail))
        });
        // All text from the network may repeat secrets.
        let clean = |error: ExportError| error.map_detail(|detail| self.secrets.clean(detail));
        parsed.map_err(|error| clean(error).describe_at(&self.place))
    }
}
