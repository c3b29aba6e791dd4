//! An empty export over a new connection.

use std::time::Duration;

use super::report::{CheckFailure, Step};
use crate::{
    config::{OtlpSettings, Proxies, Signal},
    diagnostics::DiagnosticLog,
    error::Error,
    export::otlp::{error_type::ErrorType, export_error::ExportError, transport::client::OtlpClient},
};

/// An empty export to one destination.
pub(super) struct TestExport {
    client: OtlpClient,
    place: String,
    limit: Duration,
}

impl TestExport {
    pub(super) fn new(
        settings: &OtlpSettings,
        limit: Duration,
        proxies: &Proxies,
        diagnostics: DiagnosticLog,
    ) -> Result<Self, Error> {
        let place = settings.endpoint.host_and_port();
        Ok(Self { client: OtlpClient::new(settings, Some(limit), proxies, diagnostics)?, place, limit })
    }

    /// Exports no items of `signal`.
    pub(super) async fn run(&self, signal: Signal) -> Result<(), CheckFailure> {
        self.send(signal).await.map_err(|error| CheckFailure {
            step: failed_step(error.error_type()),
            message: error.describe_at(&self.place),
            help: error.error_type().help(),
        })
    }

    async fn send(&self, signal: Signal) -> Result<(), ExportError> {
        let encoder = self.client.encoder();
        let body = encoder.finish(encoder.empty())?;
        let response = tokio::time::timeout(self.limit, self.client.call(signal, body)).await;
        response.unwrap_or_else(|_| Err(ExportError::timeout(self.limit))).map(drop)
    }
}

/// Returns the step in which an error of this type occurs.
fn failed_step(error_type: ErrorType) -> Step {
    match error_type {
        ErrorType::NameNotFound => Step::Resolve,
        ErrorType::ConnectionRefused
        | ErrorType::ConnectTimeout
        | ErrorType::Unreachable
        | ErrorType::Proxy => Step::Connect,
        ErrorType::Tls | ErrorType::NotTls => Step::Tls,
        ErrorType::NotHttp
        | ErrorType::NotGrpc
        | ErrorType::NotOtlp
        | ErrorType::InvalidResponse
        | ErrorType::ConnectionClosed
        | ErrorType::Timeout
        | ErrorType::Unauthorized
        | ErrorType::NotFound
        | ErrorType::TooLarge
        | ErrorType::Throttled
        | ErrorType::Unavailable
        | ErrorType::Rejected
        | ErrorType::PartialSuccess
        | ErrorType::Oversized
        | ErrorType::Internal => Step::Export,
    }
}
