//! What is said on standard error about one destination, for all signals that go there.

use std::{
    collections::HashMap,
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use opentelemetry_sdk::error::OTelSdkResult;

use super::{error_type::ErrorType, export_error::ExportError, export_timer::DurationRecorder};
use crate::{
    config::{LevelFilter, Signal},
    diagnostics::{Diagnostics, human_duration::HumanDuration, item_count::ItemCounts},
    export::stats::recorder::{Reason, StatsRecorder},
};

/// One host and port. Each cause has one line a minute at most, all of them together two, and recoveries a third; whoever notes
/// something writes it, and never under a lock.
#[derive(Debug)]
pub(crate) struct DestinationHealth {
    place: String,
    diagnostics: Diagnostics,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    members: Vec<SignalHealth>,
    reported: HashMap<Cause, Reported>,
    /// When the last lines but those about recoveries were written, the older first.
    recent: [Option<Instant>; 2],
    outage: Option<Outage>,
    /// How long an outage lasted whose end was not told yet, and what it cost.
    recovered: Option<Duration>,
    pending: ItemCounts,
}

/// When a line about a cause was written, and what was withheld since.
#[derive(Debug, Default)]
struct Reported {
    last: Option<Instant>,
    withheld: ItemCounts,
}

#[derive(Debug)]
struct SignalHealth {
    stats: Arc<StatsRecorder>,
    /// What it had lost when its exports began to fail.
    lost_before: Option<u64>,
}

/// From the first failure to the first time that nothing fails.
#[derive(Debug)]
struct Outage {
    since: Instant,
    /// Whether a line told of it.
    was_told: bool,
    /// What members lost that have recovered.
    lost: ItemCounts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Cause {
    ExportError(ErrorType),
    QueueFull,
    ShutDown,
    Remark,
    Recovery,
}

const INTERVAL: Duration = Duration::from_secs(60);

impl Outage {
    fn new(since: Instant) -> Self {
        Self { since, was_told: false, lost: ItemCounts::default() }
    }
}

impl DestinationHealth {
    pub(crate) fn new(place: String, diagnostics: Diagnostics) -> Self {
        Self { place, diagnostics, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An export failed; `lost` items with it, none when it is tried again.
    fn fail(&self, member: usize, failure: &ExportError, lost: u64) {
        let mut state = self.lock();
        let now = Instant::now();
        let own = Arc::clone(&state.members[member].stats);
        let is_refusal = failure.kind().is_refusal();
        if !is_refusal {
            state.members[member].lost_before.get_or_insert_with(|| own.lost().saturating_sub(lost));
            state.outage.get_or_insert_with(|| Outage::new(now));
        }
        let mut lost_so_far = ItemCounts::default();
        let is_withheld = state.withhold(Cause::ExportError(failure.kind()), now, |withheld| {
            if is_refusal {
                withheld.add(own.signal(), lost);
                lost_so_far = *withheld;
            }
        });
        if is_withheld {
            return;
        }
        let mut waiting = ItemCounts::default();
        let mut lasts = None;
        if !is_refusal {
            (lost_so_far, waiting) = state.failing();
            if let Some(outage) = &mut state.outage {
                lasts = outage.was_told.then(|| now.duration_since(outage.since));
                outage.was_told = true;
            }
        }
        drop(state);

        let mut line = failure.at(&self.place);
        if let Some(lasts) = lasts.filter(|lasts| *lasts >= INTERVAL) {
            let _ = write!(line, " for {} now", HumanDuration(lasts));
        }
        if lost == 0 {
            line.push_str(", will keep trying");
        }
        if !lost_so_far.is_empty() {
            let _ = write!(line, "; {lost_so_far} lost");
        }
        if !waiting.is_empty() {
            let _ = write!(line, "; {waiting} waiting");
        }
        self.diagnostics
            .line(if lost_so_far.is_empty() { LevelFilter::Warn } else { LevelFilter::Error }, line);
    }

    /// An export succeeded.
    fn succeed(&self, member: usize) {
        let mut state = self.lock();
        let SignalHealth { stats, lost_before } = &mut state.members[member];
        let Some(before) = lost_before.take() else { return };
        let (signal, lost) = (stats.signal(), stats.lost().saturating_sub(before));
        let Some(outage) = &mut state.outage else { return };
        outage.lost.add(signal, lost);
        // Who failed and has nothing to send any more may never succeed.
        let fails = |member: &SignalHealth| member.lost_before.is_some() && member.stats.queued() > 0;
        if state.members.iter().any(fails) {
            return;
        }
        let (mut lost, _) = state.failing();
        state.members.iter_mut().for_each(|member| member.lost_before = None);
        let Some(Outage { since, was_told, .. }) = state.outage.take() else { return };
        lost.append(std::mem::take(&mut state.pending));
        if !was_told && lost.is_empty() {
            return;
        }
        let lasted = since.elapsed();
        if state.withhold(Cause::Recovery, Instant::now(), |_| {}) {
            (state.pending, state.recovered) = (lost, Some(lasted));
            return;
        }
        state.recovered = None;
        drop(state);
        self.say_recovered(lasted, lost);
    }

    fn say_recovered(&self, lasted: Duration, lost: ItemCounts) {
        let (place, lasted) = (&self.place, HumanDuration(lasted));
        if lost.is_empty() {
            self.diagnostics.info(format_args!("{place} recovered after {lasted}, nothing was lost"));
        } else {
            self.diagnostics.warn(format_args!("{place} recovered after {lasted}, {lost} were lost"));
        }
    }

    /// Says what was withheld, once its minute is over. To be called now and then.
    fn flush_pending(&self) {
        let mut state = self.lock();
        let now = Instant::now();
        let is_recent = state.reported.get(&Cause::Recovery).is_some_and(|reported| reported.is_recent(now));
        let recovered = if state.outage.is_none() && !is_recent { state.recovered.take() } else { None };
        let pending = recovered.map(|lasted| (lasted, std::mem::take(&mut state.pending)));
        let due = |(_, reported): &(&Cause, &mut Reported)| {
            !reported.withheld.is_empty() && !reported.is_recent(now)
        };
        let due = state.reported.iter_mut().find(due).map(|(cause, reported)| {
            reported.last = Some(now);
            (*cause, std::mem::take(&mut reported.withheld))
        });
        drop(state);
        if let Some((lasted, lost)) = pending {
            self.say_recovered(lasted, lost);
        }
        if let Some((cause, lost)) = due {
            let why = match cause {
                Cause::ExportError(kind) => kind.as_str(),
                Cause::QueueFull => "the queue was full",
                Cause::ShutDown | Cause::Remark | Cause::Recovery => "telemetry had been shut down",
            };
            self.diagnostics.error(format_args!("{lost} more for {} lost: {why}", self.place));
        }
    }

    /// Items found no way into the queue. While the destination fails, the line about that tells of them.
    fn refuse(&self, member: usize, items: u64, reason: Reason) {
        let mut state = self.lock();
        let cause = match reason {
            Reason::QueueFull if state.is_told(member) => return,
            Reason::QueueFull => Cause::QueueFull,
            Reason::ShutDown | Reason::Unread | Reason::Broken(_) => Cause::ShutDown,
        };
        let signal = state.members[member].stats.signal();
        let mut lost = ItemCounts::default();
        let is_withheld = state.withhold(cause, Instant::now(), |withheld| {
            withheld.add(signal, items);
            lost = *withheld;
        });
        drop(state);
        if !is_withheld {
            self.diagnostics.error(format_args!("{lost} for {} lost: {reason}", self.place));
        }
    }

    /// The server said something although it accepted everything.
    fn server_warning(&self, message: &str) {
        if !self.lock().withhold(Cause::Remark, Instant::now(), |_| {}) {
            self.diagnostics.warn(format_args!("{} says: {message}", self.place));
        }
    }
}

impl Reported {
    fn is_recent(&self, now: Instant) -> bool {
        self.last.is_some_and(|last| now.duration_since(last) < INTERVAL)
    }
}

impl State {
    /// Whether a line told that this member fails.
    fn is_told(&self, member: usize) -> bool {
        self.members[member].lost_before.is_some()
            && self.outage.as_ref().is_some_and(|outage| outage.was_told)
    }

    /// Whether a line about `cause` has to wait until a minute is over. `note` may add to what is withheld, which begins anew with a
    /// line.
    fn withhold(&mut self, cause: Cause, now: Instant, note: impl FnOnce(&mut ItemCounts)) -> bool {
        let reported = self.reported.entry(cause).or_default();
        note(&mut reported.withheld);
        let counts = cause != Cause::Recovery;
        let is_full = self.recent[0].is_some_and(|last| now.duration_since(last) < INTERVAL);
        if reported.is_recent(now) || (counts && is_full) {
            return true;
        }
        *reported = Reported { last: Some(now), withheld: ItemCounts::default() };
        if counts {
            self.recent = [self.recent[1], Some(now)];
        }
        false
    }

    /// What was lost since exports began to fail, and what waits.
    fn failing(&self) -> (ItemCounts, ItemCounts) {
        let mut lost = self.outage.as_ref().map(|outage| outage.lost).unwrap_or_default();
        let mut waiting = ItemCounts::default();
        for SignalHealth { stats, lost_before } in &self.members {
            if let Some(before) = lost_before {
                lost.add(stats.signal(), stats.lost().saturating_sub(*before));
                waiting.add(stats.signal(), stats.queued());
            }
        }
        (lost, waiting)
    }
}

/// The account of one signal at one destination: counts, and says what has to be said.
#[derive(Debug, Clone)]
pub(crate) struct ExportRecorder {
    stats: Arc<StatsRecorder>,
    health: Arc<DestinationHealth>,
    member: usize,
    /// Where exports are measured.
    timer: Option<Arc<DurationRecorder>>,
}

impl ExportRecorder {
    pub(crate) fn new(
        stats: Arc<StatsRecorder>,
        health: Arc<DestinationHealth>,
        timer: Option<Arc<DurationRecorder>>,
    ) -> Self {
        let mut shared = health.lock();
        let member = shared.members.len();
        shared.members.push(SignalHealth { stats: Arc::clone(&stats), lost_before: None });
        drop(shared);
        Self { stats, health, member, timer }
    }

    pub(crate) fn stats(&self) -> &Arc<StatsRecorder> {
        &self.stats
    }

    pub(crate) fn timer(&self) -> Option<&DurationRecorder> {
        self.timer.as_deref()
    }

    pub(crate) fn signal(&self) -> Signal {
        self.stats.signal()
    }

    pub(crate) fn emit(&self, items: u64) {
        self.stats.emit(items);
    }

    /// Whether the items may still be sent.
    pub(crate) fn try_emit(&self, items: u64) -> bool {
        self.stats.try_emit(items)
    }

    pub(crate) fn refuse(&self, items: u64, reason: Reason) {
        self.stats.refuse(items, reason);
        self.health.refuse(self.member, items, reason);
    }

    /// Lets be said what was withheld. To be called now and then.
    pub(crate) fn flush_pending(&self) {
        self.health.flush_pending();
    }

    /// Gives up what waits, because telemetry ends.
    pub(crate) fn discard(&self, items: u64) {
        self.stats.discard(items, Reason::ShutDown);
    }

    pub(crate) fn export(&self, items: u64) {
        self.stats.export_timed(items);
        self.health.succeed(self.member);
    }

    pub(crate) fn server_warning(&self, message: &str) {
        self.health.server_warning(message);
    }

    pub(crate) fn fail(&self, items: u64, failure: &ExportError) -> OTelSdkResult {
        let result = self.stats.fail(items, failure.kind().as_str(), failure);
        self.health.fail(self.member, failure, items);
        result
    }

    pub(crate) fn panicked(&self, items: u64) -> OTelSdkResult {
        self.fail(items, &ExportError::internal("the exporter panicked"))
    }

    /// Notes a failure after which the same is tried again.
    pub(crate) fn fail_for_now(&self, failure: &ExportError) {
        self.health.fail(self.member, failure, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_causes_and_a_recovery_have_a_line_each_minute() {
        let mut state = State::default();
        let start = Instant::now();
        let mut is_written = |cause, seconds| {
            !state.withhold(cause, start + Duration::from_secs(seconds), |withheld| {
                withheld.add(Signal::Traces, 1);
            })
        };
        assert!(is_written(Cause::ExportError(ErrorType::Refused), 0));
        assert!(!is_written(Cause::ExportError(ErrorType::Refused), 59), "once a minute");
        assert!(is_written(Cause::QueueFull, 10));
        assert!(!is_written(Cause::ExportError(ErrorType::Unauthorized), 20), "the third in a minute");
        assert!(is_written(Cause::Recovery, 30));
        assert!(!is_written(Cause::Recovery, 40));
        assert!(is_written(Cause::ExportError(ErrorType::Unauthorized), 60));
        assert!(!is_written(Cause::ExportError(ErrorType::Refused), 65));
        assert!(is_written(Cause::ExportError(ErrorType::Refused), 70));
        assert!(is_written(Cause::Recovery, 90));
        assert_eq!(state.reported[&Cause::ExportError(ErrorType::Refused)].withheld, ItemCounts::default());
        assert_eq!(state.reported[&Cause::QueueFull].withheld, ItemCounts::default());
    }
}
