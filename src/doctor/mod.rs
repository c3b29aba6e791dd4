//! Connectivity checks of OTLP destinations.

mod report;
mod test_export;

use std::{
    sync::mpsc,
    time::{Duration, Instant},
};

pub use self::report::{CheckFailure, ConnectivityReport, DestinationCheck, Step};
use self::test_export::TestExport;
use crate::{
    config::{Settings, Signal},
    diagnostics::DiagnosticLog,
    error::Error,
    export::runtime::ExportRuntime,
};

/// The time limit for a destination whose timeout is unlimited.
const DEFAULT_LIMIT: Duration = Duration::from_secs(10);

/// The additional time for results after the longest limit.
const GRACE: Duration = Duration::from_secs(1);

/// Sends an empty export of each signal to each of its OTLP destinations, all at once, over new
/// connections.
pub(crate) fn probe(settings: &Settings, diagnostics: DiagnosticLog) -> Result<ConnectivityReport, Error> {
    let config = &settings.config;
    let runtime = ExportRuntime::start()?;
    let (sender, receiver) = mpsc::channel();
    let mut results = Vec::new();
    let mut longest = Duration::ZERO;
    for signal in Signal::ALL {
        let exporters = if config.disabled { &[] } else { config.exporters(signal) };
        for exporter in exporters {
            let Some(destination) = config.otlp_settings(exporter, signal) else { continue };
            let limit = destination.timeout.limit().unwrap_or(DEFAULT_LIMIT);
            longest = longest.max(limit);
            let index = results.len();
            results.push(DestinationCheck {
                signal,
                exporter: exporter.to_string(),
                destination: destination.endpoint.to_string(),
                protocol: destination.protocol,
                is_encrypted: destination.endpoint.is_https(),
                took: limit,
                failure: Some(CheckFailure::timeout(limit)),
            });
            let export = match TestExport::new(&destination, limit, &settings.proxies, diagnostics) {
                Ok(export) => export,
                // The TLS files or the certificates of the operating system cannot be read.
                Err(error) => {
                    let failure = CheckFailure { step: Step::Tls, message: error.to_string(), help: None };
                    results[index].failure = Some(failure);
                    continue;
                }
            };
            let sender = sender.clone();
            drop(runtime.handle().spawn(async move {
                let start = Instant::now();
                let failure = export.run(signal).await.err();
                // The receiver is gone if this result is late.
                let _ = sender.send((index, start.elapsed(), failure));
            }));
        }
    }
    drop(sender);
    let deadline = Instant::now() + longest + GRACE;
    while let Ok((index, took, failure)) =
        receiver.recv_timeout(deadline.saturating_duration_since(Instant::now()))
    {
        let result: &mut DestinationCheck = &mut results[index];
        (result.took, result.failure) = (took, failure);
    }
    Ok(ConnectivityReport { results })
}
