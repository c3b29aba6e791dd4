//! Reports on stderr about one destination, for all signals that are exported there.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    export_error::ExportError,
    report_limiter::{HealthEvent, INTERVAL, LossCause, ReportLimiter},
};
use crate::{
    config::LevelFilter,
    diagnostics::{DiagnosticLog, human_duration::HumanDuration, item_count::ItemCounts},
    export::stats::recorder::{Reason, StatsRecorder},
};

/// The health of one host and port. Lines are rate-limited by [`ReportLimiter`], and written by the
/// thread that records the event, never under a lock.
#[derive(Debug)]
pub(crate) struct DestinationHealth {
    place: String,
    diagnostics: DiagnosticLog,
    state: Mutex<HealthState>,
}

/// A signal in [`DestinationHealth`].
#[derive(Debug, Clone, Copy)]
pub(super) struct SignalIndex(usize);

#[derive(Debug, Default)]
struct HealthState {
    signals: Vec<SignalHealth>,
    limiter: ReportLimiter,
    outage: Option<Outage>,
    /// The duration of an outage whose end is not reported yet.
    unreported_outage: Option<Duration>,
    /// The losses of that outage.
    unreported_losses: ItemCounts,
}

#[derive(Debug)]
struct SignalHealth {
    stats: Arc<StatsRecorder>,
    /// The losses before the exports began to fail; `None` while they succeed.
    lost_before: Option<u64>,
}

/// The time from the first failure until no signal fails.
#[derive(Debug)]
struct Outage {
    start: Instant,
    is_reported: bool,
    /// The losses of the signals that have recovered.
    lost: ItemCounts,
}

impl Outage {
    fn new(start: Instant) -> Self {
        Self { start, is_reported: false, lost: ItemCounts::default() }
    }
}

impl DestinationHealth {
    pub(crate) fn new(place: String, diagnostics: DiagnosticLog) -> Self {
        Self { place, diagnostics, state: Mutex::default() }
    }

    pub(super) fn add_signal(&self, stats: Arc<StatsRecorder>) -> SignalIndex {
        let signals = &mut self.lock().signals;
        // After a reload, the exporter of a signal is another one, but its account is the same.
        if let Some(index) = signals.iter().position(|signal| Arc::ptr_eq(&signal.stats, &stats)) {
            return SignalIndex(index);
        }
        signals.push(SignalHealth { stats, lost_before: None });
        SignalIndex(signals.len() - 1)
    }

    fn lock(&self) -> MutexGuard<'_, HealthState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a failed export and the number of lost items, 0 if the export is retried.
    pub(super) fn record_failure(&self, SignalIndex(index): SignalIndex, error: &ExportError, lost: u64) {
        let mut state = self.lock();
        let now = Instant::now();
        let recorder = Arc::clone(&state.signals[index].stats);
        let error_type = error.error_type();
        let is_refusal = error_type.is_refusal();
        if !is_refusal {
            state.signals[index].lost_before.get_or_insert_with(|| recorder.lost().saturating_sub(lost));
            state.outage.get_or_insert_with(|| Outage::new(now));
        }
        let losses =
            state.limiter.report(HealthEvent::Failure(LossCause::Export(error_type)), now, |withheld| {
                if is_refusal {
                    withheld.add(recorder.signal(), lost);
                }
            });
        let Some(mut losses) = losses else { return };
        let mut waiting = ItemCounts::default();
        let mut duration = None;
        if !is_refusal {
            (losses, waiting) = state.failing_items();
            if let Some(outage) = &mut state.outage {
                duration = outage.is_reported.then(|| now.duration_since(outage.start));
                outage.is_reported = true;
            }
        }
        drop(state);

        let mut line = error.describe_at(&self.place);
        if let Some(duration) = duration.filter(|duration| *duration >= INTERVAL) {
            let _ = write!(line, " for {} now", HumanDuration(duration));
        }
        if lost == 0 {
            line.push_str(", will keep trying");
        }
        if !losses.is_empty() {
            let _ = write!(line, "; {losses} lost");
        }
        if !waiting.is_empty() {
            let _ = write!(line, "; {waiting} waiting");
        }
        let level = if losses.is_empty() { LevelFilter::Warn } else { LevelFilter::Error };
        self.diagnostics.line(level, line);
    }

    /// Records a successful export.
    pub(super) fn record_success(&self, SignalIndex(index): SignalIndex) {
        let mut state = self.lock();
        let SignalHealth { stats, lost_before } = &mut state.signals[index];
        let Some(before) = lost_before.take() else { return };
        let (signal, lost) = (stats.signal(), stats.lost().saturating_sub(before));
        let Some(outage) = &mut state.outage else { return };
        outage.lost.add(signal, lost);
        // A failing signal without queued items may never export again, so the end of the outage
        // does not depend on it.
        let is_failing = |other: &SignalHealth| other.lost_before.is_some() && other.stats.queued() > 0;
        if state.signals.iter().any(is_failing) {
            return;
        }
        let (mut lost, _) = state.failing_items();
        state.signals.iter_mut().for_each(|signal| signal.lost_before = None);
        let Some(Outage { start, is_reported, .. }) = state.outage.take() else { return };
        lost.append(std::mem::take(&mut state.unreported_losses));
        if !is_reported && lost.is_empty() {
            return;
        }
        let duration = start.elapsed();
        if state.limiter.report(HealthEvent::Recovery, Instant::now(), |_| {}).is_none() {
            (state.unreported_losses, state.unreported_outage) = (lost, Some(duration));
            return;
        }
        state.unreported_outage = None;
        drop(state);
        self.log_recovery(duration, lost);
    }

    fn log_recovery(&self, duration: Duration, lost: ItemCounts) {
        let (place, duration) = (&self.place, HumanDuration(duration));
        if lost.is_empty() {
            self.diagnostics.info(format_args!("{place} recovered after {duration}, nothing lost"));
        } else {
            self.diagnostics.warn(format_args!("{place} recovered after {duration}, {lost} lost"));
        }
    }

    /// Logs withheld lines whose minute has passed. Call periodically.
    pub(super) fn flush_pending(&self) {
        let mut state = self.lock();
        let now = Instant::now();
        let may_recover = state.outage.is_none() && !state.limiter.is_recent(HealthEvent::Recovery, now);
        let ended = if may_recover { state.unreported_outage.take() } else { None };
        let recovery = ended.map(|duration| (duration, std::mem::take(&mut state.unreported_losses)));
        let due = state.limiter.take_due(now);
        drop(state);
        if let Some((duration, lost)) = recovery {
            self.log_recovery(duration, lost);
        }
        if let Some((cause, lost)) = due {
            self.diagnostics.error(format_args!("another {lost} for {} lost: {cause}", self.place));
        }
    }

    /// Records items that the queue did not accept. During an outage the lines about failed
    /// exports include the items that a full queue refused.
    pub(super) fn record_refused(&self, SignalIndex(index): SignalIndex, items: u64, reason: Reason) {
        let mut state = self.lock();
        if reason == Reason::QueueFull && state.is_outage_reported(index) {
            return;
        }
        let event = HealthEvent::Failure(LossCause::Refusal(reason));
        let signal = state.signals[index].stats.signal();
        let losses = state.limiter.report(event, Instant::now(), |withheld| withheld.add(signal, items));
        drop(state);
        if let Some(lost) = losses {
            self.diagnostics.error(format_args!("{lost} for {} lost: {reason}", self.place));
        }
    }

    /// Logs the message of a server that accepted all items.
    pub(super) fn server_warning(&self, message: &str) {
        let losses = self.lock().limiter.report(HealthEvent::ServerWarning, Instant::now(), |_| {});
        if losses.is_some() {
            self.diagnostics.warn(format_args!("warning from {}: {message}", self.place));
        }
    }
}

impl HealthState {
    /// Returns `true` if a line reported that the exports of this signal fail.
    fn is_outage_reported(&self, index: usize) -> bool {
        self.signals[index].lost_before.is_some()
            && self.outage.as_ref().is_some_and(|outage| outage.is_reported)
    }

    /// Returns the losses since exports began to fail, and the waiting items.
    fn failing_items(&self) -> (ItemCounts, ItemCounts) {
        let mut lost = self.outage.as_ref().map(|outage| outage.lost).unwrap_or_default();
        let mut waiting = ItemCounts::default();
        for SignalHealth { stats, lost_before } in &self.signals {
            if let Some(before) = lost_before {
                lost.add(stats.signal(), stats.lost().saturating_sub(*before));
                waiting.add(stats.signal(), stats.queued());
            }
        }
        (lost, waiting)
    }
}
