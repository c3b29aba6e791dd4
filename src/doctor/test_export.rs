//! One empty export, to see how far it comes.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
    trace::v1::ExportTraceServiceRequest,
};

use super::report::{CheckFailure, Step};
use crate::{
    config::{OtlpSettings, Proxies, Signal},
    diagnostics::Diagnostics,
    error::Error,
    export::otlp::{
        error_type::ErrorType, export_error::ExportError, request::OtlpRequest, transport::Client,
    },
};

/// A connection of its own to one destination.
pub(crate) struct Trial {
    client: Client,
    place: String,
    limit: Duration,
}

impl Trial {
    pub(crate) fn new(
        settings: &OtlpSettings,
        limit: Duration,
        proxies: &Proxies,
        diagnostics: Diagnostics,
    ) -> Result<Self, Error> {
        let place = settings.endpoint.host_and_port();
        Ok(Self { client: Client::new(settings, Some(limit), proxies, diagnostics)?, place, limit })
    }

    /// Exports nothing of `signal`.
    pub(crate) async fn run(&self, signal: Signal) -> Result<(), CheckFailure> {
        let result = match signal {
            Signal::Traces => self.call(ExportTraceServiceRequest::default()).await,
            Signal::Metrics => self.call(ExportMetricsServiceRequest::default()).await,
            Signal::Logs => self.call(ExportLogsServiceRequest::default()).await,
        };
        result.map_err(|failure| CheckFailure {
            step: step(failure.kind()),
            message: failure.at(&self.place),
            help: failure.kind().help(),
        })
    }

    async fn call<R: OtlpRequest>(&self, mut request: R) -> Result<(), ExportError> {
        let body = self.client.encode(&mut request).and_then(|body| self.client.compress(body))?;
        let called = tokio::time::timeout(self.limit, self.client.call::<R>(body)).await;
        called.unwrap_or_else(|_| Err(ExportError::no_answer(self.limit))).map(drop)
    }
}

/// Where a failure of this kind ends the way.
fn step(kind: ErrorType) -> Step {
    match kind {
        ErrorType::NameNotFound => Step::Resolve,
        ErrorType::Refused | ErrorType::ConnectTimeout | ErrorType::Unreachable | ErrorType::Proxy => {
            Step::Connect
        }
        ErrorType::Tls | ErrorType::NotTls => Step::Tls,
        ErrorType::NotHttp
        | ErrorType::NotGrpc
        | ErrorType::Closed
        | ErrorType::NoAnswer
        | ErrorType::Unauthorized
        | ErrorType::NotFound
        | ErrorType::TooLarge
        | ErrorType::Throttled
        | ErrorType::Unavailable
        | ErrorType::Rejected
        | ErrorType::Partial
        | ErrorType::Oversized
        | ErrorType::Internal => Step::Export,
    }
}
