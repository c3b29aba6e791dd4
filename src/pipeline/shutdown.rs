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

use super::{Built, processor};
use crate::{
    config::Signal,
    diagnostics::item_count::{Grouped, Quantity},
    error::{FailureCause, ShutdownError, SignalFailure},
    export::stats::{
        Dropped,
        recorder::{Report, Tally},
    },
};

type Work = Box<dyn FnOnce() -> OTelSdkResult + Send>;

pub(crate) fn flush(built: &Built, limit: Duration) -> Result<(), ShutdownError> {
    let (traces, metrics, logs) =
        (built.tracer_provider.clone(), built.meter_provider.clone(), built.loggers.provider.clone());
    let work: [(Signal, Work); 3] = [
        (Signal::Traces, Box::new(move || traces.force_flush())),
        (Signal::Metrics, Box::new(move || metrics.force_flush())),
        (Signal::Logs, Box::new(move || logs.force_flush())),
    ];
    let results = run(work, built, limit);
    judge(&results, built, limit)
}

pub(crate) fn shutdown(built: &Built, limit: Duration) -> Result<(), ShutdownError> {
    let (traces, metrics, logs) =
        (built.tracer_provider.clone(), built.meter_provider.clone(), built.loggers.provider.clone());
    let open_logs = built.loggers.open_provider.clone();
    let work: [(Signal, Work); 3] = [
        (Signal::Traces, Box::new(move || traces.shutdown_with_timeout(limit))),
        (Signal::Metrics, Box::new(move || metrics.shutdown_with_timeout(limit))),
        (Signal::Logs, Box::new(move || end_logs(&open_logs, &logs, limit))),
    ];
    let results = run(work, built, limit);
    // From here on nothing can arrive any more, or is not counted when it does.
    built.queues.iter().for_each(|queue| queue.abandon());
    built.lines.iter().for_each(|lines| lines.end());
    built.tallies.iter().for_each(|tally| tally.close());
    judge(&results, built, limit)
}

/// Both lead to the same processors. One that is not shut down would wait once more when it is dropped.
fn end_logs(open: &SdkLoggerProvider, own: &SdkLoggerProvider, limit: Duration) -> OTelSdkResult {
    let _ = open.shutdown_with_timeout(Duration::ZERO);
    own.shutdown_with_timeout(limit)
}

/// Each signal has a thread of its own, since the SDK's waits block and some have no end. Who is late is left behind.
fn run(work: [(Signal, Work); 3], built: &Built, limit: Duration) -> Vec<(Signal, OTelSdkResult)> {
    let deadline = Instant::now() + limit;
    let (sender, answers) = mpsc::channel();
    for (signal, work) in work {
        let sender = sender.clone();
        let started = thread::Builder::new().name(format!("autotelemetry-{signal}")).spawn(move || {
            // Nobody listens any more after the deadline.
            let _ = sender.send((signal, processor::run(work)));
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
            let waiting = built.tallies.iter().filter(|tally| tally.queued() > 0);
            results.extend(waiting.map(|tally| (tally.signal(), Err(OTelSdkError::Timeout(limit)))));
        }
    }
    results
}

/// What the work and the accounts say together.
fn judge(results: &[(Signal, OTelSdkResult)], built: &Built, limit: Duration) -> Result<(), ShutdownError> {
    let failure = |signal| {
        let (Report { exported, failed, dropped, queued, .. }, error) = report(signal, &built.tallies);
        let mut of_signal = results.iter().filter(|(other, _)| *other == signal).map(|(_, result)| result);
        let result = of_signal.clone().find(|result| result.is_err()).or_else(|| of_signal.next());
        let cause = if is_late(result) {
            FailureCause::Timeout(limit)
        } else if failed + dropped > 0 {
            // The SDK says `Ok` when a final export failed, so the exporters are asked first.
            FailureCause::Lost { items: failed + dropped, error }
        } else {
            FailureCause::Sdk(sdk_error(result)?)
        };
        Some(SignalFailure { signal, cause, exported, failed, dropped, queued })
    };
    let failures: Vec<_> = Signal::ALL.into_iter().filter_map(failure).collect();
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

fn sdk_error(result: Option<&OTelSdkResult>) -> Option<String> {
    match result? {
        // Somebody shut the provider down through its own interface, which delivered what there was.
        Ok(()) | Err(OTelSdkError::AlreadyShutdown) => None,
        Err(error) => Some(error.to_string()),
    }
}

/// What became of `signal` since this was asked last, and the errors of those that lost some.
fn report(signal: Signal, tallies: &[Arc<Tally>]) -> (Report, String) {
    let mut sum = Report::default();
    let mut errors = Vec::new();
    for tally in tallies.iter().filter(|tally| tally.signal() == signal) {
        let Report { exported, failed, dropped, queued, error } = tally.report();
        sum.exported += exported;
        sum.failed += failed;
        sum.dropped += dropped;
        sum.queued += queued;
        if failed + dropped > 0 {
            errors.push(error);
        }
    }
    (sum, errors.join("; "))
}

/// What was lost from the beginning to the end, in one line; nothing when nothing was.
pub(crate) fn losses(built: &Built) -> Option<String> {
    let lost = built.tallies.iter().filter(|tally| tally.lost() > 0).map(|tally| {
        let stats = tally.stats();
        let Dropped { queue_full, shut_down, closed } = stats.dropped_by_reason;
        let reasons = [
            (stats.failed, "failed"),
            (queue_full, "found the queue full"),
            (shut_down, "were left at the end"),
            (closed, "found nobody"),
        ];
        let reasons: Vec<_> = reasons
            .into_iter()
            .filter(|(items, _)| *items > 0)
            .map(|(items, what)| format!("{} {what}", Grouped(items)))
            .collect();
        let all = Quantity(stats.emitted, stats.signal);
        let lost = Grouped(tally.lost());
        format!("{lost} of {all} for {} ({})", stats.destination, reasons.join(", "))
    });
    let lost: Vec<_> = lost.collect();
    (!lost.is_empty()).then(|| format!("telemetry has ended; lost: {}", lost.join("; ")))
}
