//! Flushes and shuts down a pipeline: all signals at once, within one deadline, and counts what was
//! lost.
//!
//! All destinations are asked first and then awaited, on the calling thread. Code that may block
//! without a limit, such as a writer of the program, runs on other threads.

use std::{
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use opentelemetry_sdk::error::OTelSdkResult;

use super::{Outputs, Pipeline};
use crate::{
    config::Signal,
    diagnostics::item_count::{ItemCount, Thousands},
    error::{FailureCause, ShutdownError, SignalFailure},
    export::{
        custom::ExporterControl,
        flush::{Flush, FlushError, PendingFlush},
        stats::{
            Dropped,
            recorder::{Delta, Reason, StatsRecorder},
        },
    },
};

/// The error of one destination of a signal.
type SignalError = (Signal, FlushError);

/// Delivers what is queued, within `timeout`.
pub(crate) fn flush(pipeline: &Pipeline, timeout: Duration) -> Result<(), ShutdownError> {
    let outputs = &*pipeline.outputs.get();
    let deadline = Instant::now() + timeout;
    let mut errors = wait(request(outputs, PendingFlush::request), deadline);
    errors.extend(control(outputs, deadline, |control, left| control.flush(left)));
    errors.extend(flush_lines(outputs, deadline));
    into_result(&errors, &outputs.recorders, timeout)
}

/// Delivers what is queued, within `timeout`, and ends all telemetry.
pub(crate) fn shutdown(pipeline: &Pipeline, timeout: Duration) -> Result<(), ShutdownError> {
    let outputs = &*pipeline.outputs.get();
    let deadline = Instant::now() + timeout;
    // The providers of spans and log records stay open: once shut down, the SDK drops later items
    // without a count. So these reach the closed destinations, which count them.
    let mut errors = wait(request(outputs, PendingFlush::request_last), deadline);
    // Follows the last push, since it ends collections.
    if let Err(error) = pipeline.meter_provider().shutdown() {
        errors.push((Signal::Metrics, FlushError::Failed(error.to_string())));
    }
    errors.extend(control(outputs, deadline, |control, left| control.shutdown(left)));
    errors.extend(flush_lines(outputs, deadline));
    // From here on, deliveries are impossible or not counted.
    outputs.destinations.iter().for_each(|destination| destination.flush.discard(Reason::ShutDown));
    outputs.line_writers.iter().for_each(|lines| lines.stop_queueing());
    outputs.recorders.iter().for_each(|recorder| recorder.close());
    into_result(&errors, &outputs.recorders, timeout)
}

fn request<'o>(
    outputs: &'o Outputs,
    request: fn(&'o dyn Flush) -> PendingFlush<'o>,
) -> Vec<(Signal, PendingFlush<'o>)> {
    let destinations = outputs.destinations.iter();
    destinations.map(|destination| (destination.signal, request(&*destination.flush))).collect()
}

/// Calls all exporters of the program at once, after their last export.
fn control(
    outputs: &Outputs,
    deadline: Instant,
    begin: fn(&dyn ExporterControl, Duration) -> mpsc::Receiver<OTelSdkResult>,
) -> Vec<SignalError> {
    let left = || deadline.saturating_duration_since(Instant::now());
    let pending: Vec<_> = outputs.controls.iter().map(|control| begin(&**control, left())).collect();
    let results = outputs.controls.iter().zip(pending).map(|(control, result)| {
        let error = match result.recv_timeout(left()) {
            Ok(result) => FlushError::Failed(result.err()?.to_string()),
            Err(_) => FlushError::Timeout,
        };
        Some((control.signal(), error))
    });
    results.flatten().collect()
}

fn wait(pending: Vec<(Signal, PendingFlush<'_>)>, deadline: Instant) -> Vec<SignalError> {
    let results = pending.into_iter().map(|(signal, pending)| (signal, pending.wait(deadline)));
    results.filter_map(|(signal, result)| Some((signal, result.err()?))).collect()
}

/// Flushes the lines of all signals, which are complete once all destinations are flushed.
fn flush_lines(outputs: &Outputs, deadline: Instant) -> Vec<SignalError> {
    let pending: Vec<_> = outputs.line_writers.iter().map(|lines| (lines, lines.request_flush())).collect();
    let mut results = pending.into_iter().map(|(lines, position)| lines.wait_flushed(position, deadline));
    match results.find_map(Result::err) {
        // A writer does not know the signals of its lines, but their recorders do.
        Some(error) => {
            let waiting = outputs.recorders.iter().filter(|recorder| recorder.queued() > 0);
            waiting.map(|recorder| (recorder.signal(), error.clone())).collect()
        }
        None => Vec::new(),
    }
}

/// Combines the errors of the destinations with the counts of the exporters.
fn into_result(
    errors: &[SignalError],
    recorders: &[Arc<StatsRecorder>],
    timeout: Duration,
) -> Result<(), ShutdownError> {
    let failure = |signal| {
        let (Delta { exported, failed, dropped, queued, .. }, error) = delta(signal, recorders);
        let mut errors = errors.iter().filter(|(other, _)| *other == signal).map(|(_, error)| error);
        let cause = if errors.clone().any(|error| *error == FlushError::Timeout) {
            FailureCause::Timeout(timeout)
        } else if failed + dropped > 0 {
            FailureCause::Lost { items: failed + dropped, error }
        } else if let Some(FlushError::Failed(message)) = errors.next() {
            FailureCause::Sdk(message.clone())
        } else {
            return None;
        };
        Some(SignalFailure { signal, cause, exported, failed, dropped, queued })
    };
    let failures: Vec<_> = Signal::ALL.into_iter().filter_map(failure).collect();
    if failures.is_empty() { Ok(()) } else { Err(ShutdownError { failures }) }
}

/// Returns what changed for `signal` since the last call, and the errors of the exporters that lost
/// items.
fn delta(signal: Signal, recorders: &[Arc<StatsRecorder>]) -> (Delta, String) {
    let mut sum = Delta::default();
    let mut errors = Vec::new();
    for recorder in recorders.iter().filter(|recorder| recorder.signal() == signal) {
        let Delta { exported, failed, dropped, queued, error } = recorder.delta();
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

/// Returns the line about everything that was lost since the start; `None` if nothing was.
pub(crate) fn loss_summary(pipeline: &Pipeline) -> Option<String> {
    let outputs = pipeline.outputs.get();
    let recorders = outputs.recorders.iter().filter(|recorder| recorder.lost() > 0);
    let losses: Vec<_> = recorders.map(|recorder| loss(recorder)).collect();
    (!losses.is_empty()).then(|| format!("shutdown: lost {}", losses.join("; ")))
}

/// Returns `512 of 100,000 spans for http://collector:4317 (512 dropped: queue full)`.
fn loss(recorder: &StatsRecorder) -> String {
    let stats = recorder.stats();
    let Dropped { queue_full, shut_down, removed, sink_closed, reentrant, unread: _ } =
        stats.dropped_by_reason();
    let reasons = [
        (stats.failed(), "failed"),
        (queue_full, "dropped: queue full"),
        (shut_down, "not sent before the deadline"),
        (removed, "exporter removed"),
        (sink_closed, "output closed"),
        (reentrant, "logged by the console's writer"),
    ];
    let reasons: Vec<_> = reasons
        .into_iter()
        .filter(|(items, _)| *items > 0)
        .map(|(items, reason)| format!("{} {reason}", Thousands(items)))
        .collect();
    let emitted = ItemCount(stats.emitted(), stats.signal());
    let lost = Thousands(recorder.lost());
    format!("{lost} of {emitted} for {} ({})", stats.destination(), reasons.join(", "))
}
