//! The rate limit of the lines about one destination.

use std::{
    collections::HashMap,
    fmt,
    time::{Duration, Instant},
};

use super::error_type::ErrorType;
use crate::{diagnostics::item_count::ItemCounts, export::stats::recorder::Reason};

/// The interval of the rate limit: at most one line for each event, and at most two for all events
/// except recoveries.
pub(super) const INTERVAL: Duration = Duration::from_secs(60);

/// The subject of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum HealthEvent {
    Failure(LossCause),
    ServerWarning,
    Recovery,
}

/// The cause of a loss. A failed export is one even while it is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum LossCause {
    Export(ErrorType),
    Refusal(Reason),
}

impl fmt::Display for LossCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Export(error_type) => error_type.fmt(f),
            Self::Refusal(reason) => reason.fmt(f),
        }
    }
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

    /// Returns a cause whose withheld losses may be reported now, and these losses.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(LossCause, ItemCounts)> {
        self.reported.iter_mut().find_map(|(event, reported)| match event {
            HealthEvent::Failure(cause) if !reported.withheld.is_empty() && !reported.is_recent(now) => {
                reported.last = Some(now);
                Some((*cause, std::mem::take(&mut reported.withheld)))
            }
            _ => None,
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
        let queue_full = HealthEvent::Failure(LossCause::Refusal(Reason::QueueFull));
        let mut is_written = |event, seconds| {
            let losses = limiter.report(event, start + Duration::from_secs(seconds), |withheld| {
                withheld.add(Signal::Traces, 1);
            });
            losses.is_some()
        };
        let refused = HealthEvent::Failure(LossCause::Export(ErrorType::ConnectionRefused));
        let unauthorized = HealthEvent::Failure(LossCause::Export(ErrorType::Unauthorized));
        assert!(is_written(refused, 0));
        assert!(!is_written(refused, 59), "once a minute");
        assert!(is_written(queue_full, 10));
        assert!(!is_written(unauthorized, 20), "the third in a minute");
        assert!(is_written(HealthEvent::Recovery, 30));
        assert!(!is_written(HealthEvent::Recovery, 40));
        assert!(is_written(unauthorized, 60));
        assert!(!is_written(refused, 65));
        assert!(is_written(refused, 70));
        assert!(is_written(HealthEvent::Recovery, 90));
        assert_eq!(limiter.reported[&refused].withheld, ItemCounts::default());
        assert_eq!(limiter.reported[&queue_full].withheld, ItemCounts::default());
    }

    #[test]
    fn report_limiter_withheld_losses_are_due_after_a_minute() {
        let mut limiter = ReportLimiter::default();
        let start = Instant::now();
        let queue_full = LossCause::Refusal(Reason::QueueFull);
        let mut lose = |seconds| {
            let count_loss = |withheld: &mut ItemCounts| withheld.add(Signal::Logs, 5);
            limiter.report(HealthEvent::Failure(queue_full), start + Duration::from_secs(seconds), count_loss)
        };
        let mut five = ItemCounts::default();
        five.add(Signal::Logs, 5);
        assert_eq!((lose(0), lose(1)), (Some(five), None));
        assert_eq!(limiter.take_due(start + Duration::from_secs(59)), None);
        assert_eq!(limiter.take_due(start + Duration::from_secs(60)), Some((queue_full, five)));
        assert_eq!(limiter.take_due(start + Duration::from_secs(200)), None);
    }

    #[test]
    fn loss_cause_is_written_in_words() {
        let refused = LossCause::Export(ErrorType::ConnectionRefused);
        assert_eq!(refused.to_string(), "the connection was refused");
        assert_eq!(LossCause::Refusal(Reason::QueueFull).to_string(), "the queue was full");
    }
}
