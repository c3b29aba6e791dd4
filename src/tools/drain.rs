//! Flushing and shutting down: all signals at once, one deadline, and the truth about what was lost.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use opentelemetry_sdk::{
    error::{OTelSdkError, OTelSdkResult},
    logs::SdkLoggerProvider,
};

use crate::{
    build::{self, Built, Tally},
    config::Signal,
    error::{FailureCause, ShutdownError, SignalFailure},
};

type Work = Box<dyn FnOnce() -> OTelSdkResult + Send>;

pub(super) fn flush(built: &Built, limit: Duration) -> Result<(), ShutdownError> {
    let (traces, metrics, logs) =
        (built.tracer_provider.clone(), built.meter_provider.clone(), built.loggers.provider.clone());
    let work: [(Signal, Work); 3] = [
        (Signal::Traces, Box::new(move || traces.force_flush())),
        (Signal::Metrics, Box::new(move || metrics.force_flush())),
        (Signal::Logs, Box::new(move || logs.force_flush())),
    ];
    run(work, built, limit)
}

pub(super) fn shutdown(built: &Built, limit: Duration) -> Result<(), ShutdownError> {
    let (traces, metrics, logs) =
        (built.tracer_provider.clone(), built.meter_provider.clone(), built.loggers.provider.clone());
    let open_logs = built.loggers.open_provider.clone();
    let work: [(Signal, Work); 3] = [
        (Signal::Traces, Box::new(move || traces.shutdown_with_timeout(limit))),
        (Signal::Metrics, Box::new(move || metrics.shutdown_with_timeout(limit))),
        (Signal::Logs, Box::new(move || end_logs(&open_logs, &logs, limit))),
    ];
    let result = run(work, built, limit);
    built.lines.iter().for_each(|lines| lines.end());
    result
}

/// Both lead to the same processors. One that is not shut down would wait once more when it is dropped.
fn end_logs(open: &SdkLoggerProvider, own: &SdkLoggerProvider, limit: Duration) -> OTelSdkResult {
    let _ = open.shutdown_with_timeout(Duration::ZERO);
    own.shutdown_with_timeout(limit)
}

/// Each signal has a thread of its own, since the SDK's waits block and some have no end. Who is late is left behind.
fn run(work: [(Signal, Work); 3], built: &Built, limit: Duration) -> Result<(), ShutdownError> {
    let tallies = &built.tallies;
    let deadline = Instant::now() + limit;
    let (sender, answers) = mpsc::channel();
    for (signal, work) in work {
        let sender = sender.clone();
        let started = thread::Builder::new().name(format!("autotelemetry-{signal}")).spawn(move || {
            // Nobody listens any more after the deadline.
            let _ = sender.send((signal, build::run(work)));
        });
        // Without a thread there is nothing to wait for, and the signal counts as late.
        drop(started);
    }
    drop(sender);

    let mut results: Vec<(Signal, OTelSdkResult)> = Vec::new();
    while let Ok(answer) = answers.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        results.push(answer);
    }
    // All signals write to the console, so its lines are complete only now.
    for lines in &built.lines {
        if lines.flush(deadline.saturating_duration_since(Instant::now())).is_err() {
            let waiting = tallies.iter().filter(|tally| tally.stats().queued > 0);
            results.extend(waiting.map(|tally| (tally.signal(), Err(OTelSdkError::Timeout(limit)))));
        }
    }
    let failures: Vec<_> = Signal::ALL
        .into_iter()
        .filter_map(|signal| {
            let mut of_signal =
                results.iter().filter(|(other, _)| *other == signal).map(|(_, result)| result);
            let result = of_signal.clone().find(|result| result.is_err()).or_else(|| of_signal.next());
            let cause = if is_late(result) {
                Some(FailureCause::Timeout(limit))
            } else {
                // The SDK says `Ok` when a final export failed, so the exporters are asked first.
                lost(signal, tallies).or_else(|| failure(result))
            };
            cause.map(|cause| SignalFailure { signal, cause })
        })
        .collect();
    if failures.is_empty() { Ok(()) } else { Err(ShutdownError { failures }) }
}

/// The providers wrap the errors of what is behind them into a text.
fn is_late(result: Option<&OTelSdkResult>) -> bool {
    match result {
        None | Some(Err(OTelSdkError::Timeout(_))) => true,
        Some(Err(OTelSdkError::InternalFailure(text))) => text.contains("Timeout("),
        Some(_) => false,
    }
}

fn failure(result: Option<&OTelSdkResult>) -> Option<FailureCause> {
    match result? {
        // Somebody shut the provider down through its own interface, which delivered what there was.
        Ok(()) | Err(OTelSdkError::AlreadyShutdown) => None,
        Err(error) => Some(FailureCause::Sdk(error.to_string())),
    }
}

/// What the exporters of `signal` lost since they were asked last.
fn lost(signal: Signal, tallies: &[Arc<Tally>]) -> Option<FailureCause> {
    let mut items = 0;
    let mut errors = Vec::new();
    for tally in tallies.iter().filter(|tally| tally.signal() == signal) {
        let lost = tally.newly_lost();
        if lost > 0 {
            items += lost;
            errors.push(tally.last_error());
        }
    }
    (items > 0).then(|| FailureCause::Lost { items, error: errors.join("; ") })
}
