//! The rate limit of the lines about one destination.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use super::error_type::ErrorType;
use crate::diagnostics::item_count::ItemCounts;

/// The interval of the rate limit: at most one line for each event, and at most two for all events
/// except recoveries.
pub(super) const INTERVAL: Duration = Duration::from_secs(60);

/// The subject of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum HealthEvent {
    ExportFailed(ErrorType),
    QueueFull,
    ShutDown,
    ServerWarning,
    Recovery,
}

/// Decides which lines are written, and sums up the losses of the others.
#[derive(Debug, Default)]
pub(super) struct ReportLimiter {
    reported: HashMap<HealthEvent, Reported>,
    /// The times of the last two lines that are not about recoveries, the older one first.
    recent: [Option<Instant>; 2],
}

/// The last line about an event, and the losses since then.
#[derive(Debug, Default)]
struct Reported {
    last: Option<Instant>,
    withheld: ItemCounts,
}

impl Reported {
    fn is_recent(&self, now: Instant) -> bool {
        self.last.is_some_and(|last| now.duration_since(last) < INTERVAL)
    }
}

impl ReportLimiter {
    /// Returns the losses for a line about `event`, or `None` while no line may be written.
    /// `count_loss` adds to the losses since the last line.
    pub(super) fn report(
        &mut self,
        event: HealthEvent,
        now: Instant,
        count_loss: impl FnOnce(&mut ItemCounts),
    ) -> Option<ItemCounts> {
        let reported = self.reported.entry(event).or_default();
        count_loss(&mut reported.withheld);
        let is_limited = event != HealthEvent::Recovery;
        let is_full = self.recent[0].is_some_and(|last| now.duration_since(last) < INTERVAL);
        if reported.is_recent(now) || (is_limited && is_full) {
            return None;
        }
        reported.last = Some(now);
        if is_limited {
            self.recent = [self.recent[1], Some(now)];
        }
        Some(std::mem::take(&mut reported.withheld))
    }

    /// Returns an event whose withheld losses may be reported now, and these losses.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(HealthEvent, ItemCounts)> {
        let is_due = |(_, reported): &(&HealthEvent, &mut Reported)| {
            !reported.withheld.is_empty() && !reported.is_recent(now)
        };
        self.reported.iter_mut().find(is_due).map(|(event, reported)| {
            reported.last = Some(now);
            (*event, std::mem::take(&mut reported.withheld))
        })
    }

    /// Returns `true` if the last line about `event` is less than a minute old.
    pub(super) fn is_recent(&self, event: HealthEvent, now: Instant) -> bool {
        self.reported.get(&event).is_some_and(|reported| reported.is_recent(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Signal;

    #[test]
    fn report_limiter_per_minute_allows_two_events_and_a_recovery() {
        let mut limiter = ReportLimiter::default();
        let start = Instant::now();
        let mut is_written = |event, seconds| {
            let losses = limiter.report(event, start + Duration::from_secs(seconds), |withheld| {
                withheld.add(Signal::Traces, 1);
            });
            losses.is_some()
        };
        let refused = HealthEvent::ExportFailed(ErrorType::ConnectionRefused);
        let unauthorized = HealthEvent::ExportFailed(ErrorType::Unauthorized);
        assert!(is_written(refused, 0));
        assert!(!is_written(refused, 59), "once a minute");
        assert!(is_written(HealthEvent::QueueFull, 10));
        assert!(!is_written(unauthorized, 20), "the third in a minute");
        assert!(is_written(HealthEvent::Recovery, 30));
        assert!(!is_written(HealthEvent::Recovery, 40));
        assert!(is_written(unauthorized, 60));
        assert!(!is_written(refused, 65));
        assert!(is_written(refused, 70));
        assert!(is_written(HealthEvent::Recovery, 90));
        assert_eq!(limiter.reported[&refused].withheld, ItemCounts::default());
        assert_eq!(limiter.reported[&HealthEvent::QueueFull].withheld, ItemCounts::default());
    }

    #[test]
    fn report_limiter_withheld_losses_are_due_after_a_minute() {
        let mut limiter = ReportLimiter::default();
        let start = Instant::now();
        let mut lose = |seconds| {
            let count_loss = |withheld: &mut ItemCounts| withheld.add(Signal::Logs, 5);
            limiter.report(HealthEvent::QueueFull, start + Duration::from_secs(seconds), count_loss)
        };
        let mut five = ItemCounts::default();
        five.add(Signal::Logs, 5);
        assert_eq!((lose(0), lose(1)), (Some(five), None));
        assert_eq!(limiter.take_due(start + Duration::from_secs(59)), None);
        assert_eq!(limiter.take_due(start + Duration::from_secs(60)), Some((HealthEvent::QueueFull, five)));
        assert_eq!(limiter.take_due(start + Duration::from_secs(200)), None);
    }
}
