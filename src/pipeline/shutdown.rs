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

use super::{Pipeline, processor};
use crate::{
    config::Signal,
    diagnostics::item_count::{ItemCount, Thousands},
    error::{FailureCause, ShutdownError, SignalFailure},
    export::stats::{
        Dropped,
        recorder::{Delta, StatsRecorder},
    },
};

type Task = Box<dyn FnOnce() -> OTelSdkResult + Send>;

pub(crate) fn flush(pipeline: &Pipeline, limit: Duration) -> Result<(), ShutdownError> {
    let (traces, metrics, logs) = (
        pipeline.tracer_provider.clone(),
        pipeline.meter_provider.clone(),
        pipeline.loggers.provider.clone(),
    );
    let work: [(Signal, Task); 3] = [
        (Signal::Traces, Box::new(move || traces.force_flush())),
        (Signal::Metrics, Box::new(move || metrics.force_flush())),
        (Signal::Logs, Box::new(move || logs.force_flush())),
    ];
    let results = run_all(work, pipeline, limit);
    into_result(&results, pipeline, limit)
}

pub(crate) fn shutdown(pipeline: &Pipeline, limit: Duration) -> Result<(), ShutdownError> {
    let (traces, metrics, logs) = (
        pipeline.tracer_provider.clone(),
        pipeline.meter_provider.clone(),
        pipeline.loggers.provider.clone(),
    );
    let open_logs = pipeline.loggers.unfiltered_provider.clone();
    let work: [(Signal, Task); 3] = [
        (Signal::Traces, Box::new(move || traces.shutdown_with_timeout(limit))),
        (Signal::Metrics, Box::new(move || metrics.shutdown_with_timeout(limit))),
        (Signal::Logs, Box::new(move || end_logs(&open_logs, &logs, limit))),
    ];
    let results = run_all(work, pipeline, limit);
    // From here on nothing can arrive any more, or is not counted when it does.
    pipeline.queues.iter().for_each(|queue| queue.discard());
    pipeline.lines.iter().for_each(|lines| lines.stop_queueing());
    pipeline.recorders.iter().for_each(|stats| stats.close());
    into_result(&results, pipeline, limit)
}

/// Both lead to the same processors. One that is not shut down would wait once more when it is dropped.
fn end_logs(open: &SdkLoggerProvider, own: &SdkLoggerProvider, limit: Duration) -> OTelSdkResult {
    let _ = open.shutdown_with_timeout(Duration::ZERO);
    own.shutdown_with_timeout(limit)
}

/// Each signal has a thread of its own, since the SDK's waits block and some have no end. Who is late is left behind.
fn run_all(work: [(Signal, Task); 3], pipeline: &Pipeline, limit: Duration) -> Vec<(Signal, OTelSdkResult)> {
    let deadline = Instant::now() + limit;
    let (sender, answers) = mpsc::channel();
    for (signal, work) in work {
        let sender = sender.clone();
        let started = thread::Builder::new().name(format!("autotelemetry-{signal}")).spawn(move || {
            // Nobody listens any more after the deadline.
            let _ = sender.send((signal, processor::catch_panic(work)));
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
    for lines in &pipeline.lines {
        if lines.flush(deadline.saturating_duration_since(Instant::now())).is_err() {
            let waiting = pipeline.recorders.iter().filter(|stats| stats.queued() > 0);
            results.extend(waiting.map(|stats| (stats.signal(), Err(OTelSdkError::Timeout(limit)))));
        }
    }
    results
}

/// What the work and the accounts say together.
fn into_result(
    results: &[(Signal, OTelSdkResult)],
    pipeline: &Pipeline,
    limit: Duration,
) -> Result<(), ShutdownError> {
    let failure = |signal| {
        let (Delta { exported, failed, dropped, queued, .. }, error) = delta(signal, &pipeline.recorders);
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
fn delta(signal: Signal, recorders: &[Arc<StatsRecorder>]) -> (Delta, String) {
    let mut sum = Delta::default();
    let mut errors = Vec::new();
    for stats in recorders.iter().filter(|stats| stats.signal() == signal) {
        let Delta { exported, failed, dropped, queued, error } = stats.delta();
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
pub(crate) fn loss_summary(pipeline: &Pipeline) -> Option<String> {
    let lost = pipeline.recorders.iter().filter(|recorder| recorder.lost() > 0).map(|recorder| {
        let stats = recorder.stats();
        let Dropped { queue_full, shut_down, sink_closed } = stats.dropped_by_reason;
        let reasons = [
            (stats.failed, "failed"),
            (queue_full, "found the queue full"),
            (shut_down, "were left at the end"),
            (sink_closed, "found nobody"),
        ];
        let reasons: Vec<_> = reasons
            .into_iter()
            .filter(|(items, _)| *items > 0)
            .map(|(items, what)| format!("{} {what}", Thousands(items)))
            .collect();
        let all = ItemCount(stats.emitted, stats.signal);
        let lost = Thousands(recorder.lost());
        format!("{lost} of {all} for {} ({})", stats.destination, reasons.join(", "))
    });
    let lost: Vec<_> = lost.collect();
    (!lost.is_empty()).then(|| format!("telemetry has ended; lost: {}", lost.join("; ")))
}
