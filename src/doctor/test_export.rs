//! One empty export, to see how far it comes.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
    trace::v1::ExportTraceServiceRequest,
};

use super::report::{ProbeFailure, ProbeStep};
use crate::{
    config::{OtlpSettings, Signal},
    diagnostics::Diagnostics,
    error::Error,
    export::otlp::{error_type::Kind, export_error::Failure, request::OtlpRequest, transport::Client},
    load::Proxies,
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
    pub(crate) async fn run(&self, signal: Signal) -> Result<(), ProbeFailure> {
        let result = match signal {
            Signal::Traces => self.call(ExportTraceServiceRequest::default()).await,
            Signal::Metrics => self.call(ExportMetricsServiceRequest::default()).await,
            Signal::Logs => self.call(ExportLogsServiceRequest::default()).await,
        };
        result.map_err(|failure| ProbeFailure {
            step: step(failure.kind()),
            message: failure.at(&self.place),
            help: failure.kind().help(),
        })
    }

    async fn call<R: OtlpRequest>(&self, mut request: R) -> Result<(), Failure> {
        let body = self.client.encode(&mut request).and_then(|body| self.client.compress(body))?;
        let called = tokio::time::timeout(self.limit, self.client.call::<R>(body)).await;
        called.unwrap_or_else(|_| Err(Failure::no_answer(self.limit))).map(drop)
    }
}

/// Where a failure of this kind ends the way.
fn step(kind: Kind) -> ProbeStep {
    match kind {
        Kind::NameNotFound => ProbeStep::Resolve,
        Kind::Refused | Kind::ConnectTimeout | Kind::Unreachable | Kind::Proxy => ProbeStep::Connect,
        Kind::Tls | Kind::NotTls => ProbeStep::Tls,
        Kind::NotHttp
        | Kind::NotGrpc
        | Kind::Closed
        | Kind::NoAnswer
        | Kind::Unauthorized
        | Kind::NotFound
        | Kind::TooLarge
        | Kind::Throttled
        | Kind::Unavailable
        | Kind::Rejected
        | Kind::Partial
        | Kind::Oversized
        | Kind::Internal => ProbeStep::Export,
    }
}
