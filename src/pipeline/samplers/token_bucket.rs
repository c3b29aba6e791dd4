//! A limit on the rate of events.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Allows a number of events per second. After a pause, those of one second may happen at once, and
/// at least one. Takes no lock.
#[derive(Debug)]
pub(super) struct TokenBucket {
    start: Instant,
    /// The time between two events, in nanoseconds.
    interval: u64,
    /// The time by which an event may precede its regular time, in nanoseconds.
    tolerance: u64,
    /// The regular time of the next event, in nanoseconds since `start`.
    next: AtomicU64,
}

impl TokenBucket {
    pub(super) fn new(per_second: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the conversion saturates, and neither number is negative"
        )]
        let nanos = |seconds: f64| (seconds * 1e9) as u64;
        let interval = nanos(1.0 / per_second);
        let tolerance = nanos(1.0).max(interval) - interval;
        Self { start: Instant::now(), interval, tolerance, next: AtomicU64::new(0) }
    }

    /// Replaces a new bucket by an earlier one with the same rate, which may be empty.
    pub(super) fn continue_from(new: &mut Arc<Self>, last: &Arc<Self>) {
        if new.interval == last.interval {
            *new = Arc::clone(last);
        }
    }

    /// Takes a token. Returns `false` if there is none.
    pub(super) fn take(&self) -> bool {
        self.take_at(self.start.elapsed())
    }

    fn take_at(&self, elapsed: Duration) -> bool {
        let now = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        let reserve = |next: u64| {
            let next = next.max(now);
            (next - now <= self.tolerance).then(|| next.saturating_add(self.interval))
        };
        self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, reserve).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(bucket: &TokenBucket, attempts: usize, millis: u64) -> usize {
        (0..attempts).filter(|_| bucket.take_at(Duration::from_millis(millis))).count()
    }

    #[test]
    fn bucket_allows_its_rate_and_a_burst_of_one_second() {
        let bucket = TokenBucket::new(10.0);
        assert_eq!(taken(&bucket, 100, 0), 10, "the bucket is full at the start");
        assert_eq!(taken(&bucket, 100, 99), 0);
        assert_eq!(taken(&bucket, 100, 100), 1);
        assert_eq!(taken(&bucket, 100, 350), 2);
        assert_eq!(taken(&bucket, 100, 60_000), 10, "no more than the bucket holds");
        let steady: usize = (0..10_000).map(|millis| taken(&bucket, 1, 100_000 + millis)).sum();
        assert_eq!(steady, 10 + 99);
    }

    #[test]
    fn rate_below_one_per_second_allows_single_events() {
        let bucket = TokenBucket::new(0.1);
        assert_eq!(taken(&bucket, 9, 0), 1);
        assert_eq!(taken(&bucket, 9, 9_999), 0);
        assert_eq!(taken(&bucket, 9, 10_000), 1);
        assert_eq!(taken(&bucket, 9, 90_000), 1);
    }

    #[test]
    fn time_that_goes_back_allows_nothing_more() {
        let bucket = TokenBucket::new(1.0);
        assert_eq!(taken(&bucket, 9, 5_000), 1);
        assert_eq!(taken(&bucket, 9, 4_000), 0);
    }
}
