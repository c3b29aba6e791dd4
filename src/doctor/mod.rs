//! Tries each destination once, with connections of its own.

pub(crate) mod report;
mod test_export;

use std::{
    sync::mpsc,
    time::{Duration, Instant},
};

use self::report::{Probe, ProbeFailure, ProbeResult, ProbeStep};
use crate::{
    config::Signal, diagnostics::Diagnostics, error::Error, export::runtime::Background, load::Loaded,
};

/// How long one destination may take when its own timeout has no end.
const LIMIT: Duration = Duration::from_secs(10);

/// How much later than the last of them nobody waits any more.
const GRACE: Duration = Duration::from_secs(1);

/// Sends an empty export of each signal to each of its OTLP destinations, all at once.
pub(crate) fn probe(loaded: &Loaded) -> Result<Probe, Error> {
    let config = &loaded.config;
    let diagnostics = Diagnostics::new(config.diagnostics);
    let background = Background::start()?;
    let (sender, answers) = mpsc::channel();
    let mut results = Vec::new();
    let mut longest = Duration::ZERO;
    for signal in Signal::ALL {
        let exporters = if config.disabled { &[] } else { config.exporters(signal) };
        for exporter in exporters {
            let Some(settings) = config.otlp_settings(exporter, signal) else { continue };
            let limit = settings.timeout.limit().unwrap_or(LIMIT);
            longest = longest.max(limit);
            let index = results.len();
            results.push(ProbeResult {
                signal,
                exporter: exporter.to_string(),
                destination: settings.endpoint.to_string(),
                protocol: settings.protocol,
                is_encrypted: settings.endpoint.is_https(),
                took: limit,
                failure: Some(ProbeFailure::late(limit)),
            });
            let trial = match test_export::Trial::new(&settings, limit, &loaded.proxies, diagnostics) {
                Ok(trial) => trial,
                // The files of TLS, or the certificates of the system.
                Err(error) => {
                    let failure =
                        ProbeFailure { step: ProbeStep::Tls, message: error.to_string(), help: None };
                    results[index].failure = Some(failure);
                    continue;
                }
            };
            let sender = sender.clone();
            drop(background.spawner().spawn(async move {
                let start = Instant::now();
                let failure = trial.run(signal).await.err();
                // Nobody listens any more when it was late.
                let _ = sender.send((index, start.elapsed(), failure));
            }));
        }
    }
    drop(sender);
    let deadline = Instant::now() + longest + GRACE;
    while let Ok((index, took, failure)) =
        answers.recv_timeout(deadline.saturating_duration_since(Instant::now()))
    {
        let result: &mut ProbeResult = &mut results[index];
        (result.took, result.failure) = (took, failure);
    }
    Ok(Probe { results })
}
