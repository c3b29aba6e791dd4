//! Flushes destinations: all are asked first, then awaited against one deadline.

use std::{
    fmt,
    time::{Duration, Instant},
};

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};

use super::stats::recorder::Reason;
use crate::{context, shield::shielded};

/// A destination that may deliver after it has accepted something.
///
/// None of the methods waits without a deadline. The default implementations suit a destination
/// that delivers at once.
pub(crate) trait Flush: fmt::Debug + Send + Sync {
    /// Requests the delivery of everything accepted so far. Returns the position to pass to
    /// [`wait_flushed`](Self::wait_flushed).
    fn request_flush(&self) -> u64 {
        0
    }

    /// Waits until everything up to `position` is delivered or lost.
    fn wait_flushed(&self, _position: u64, _deadline: Instant) -> Result<(), FlushError> {
        Ok(())
    }

    /// Stops accepting items, before the last flush. Later ones are dropped for `reason`.
    fn close(&self, _reason: Reason) {}

    /// Discards what is still queued, and counts it as dropped for `reason`.
    fn discard(&self, _reason: Reason) {}
}

/// The reason why a destination did not deliver everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FlushError {
    /// The deadline passed.
    Timeout,
    Failed(String),
}

/// A flush that was requested.
#[derive(Debug)]
pub(crate) struct PendingFlush<'d> {
    destination: &'d dyn Flush,
    position: Result<u64, FlushError>,
}

impl<'d> PendingFlush<'d> {
    pub(crate) fn request(destination: &'d dyn Flush) -> Self {
        Self { destination, position: isolate(|| Ok(destination.request_flush())) }
    }

    /// Same as [`request`](Self::request), but the destination then accepts nothing more.
    pub(crate) fn request_last(destination: &'d dyn Flush) -> Self {
        Self::request_final(destination, Reason::ShutDown)
    }

    /// Same as [`request_last`](Self::request_last), for a destination that a reload has removed.
    pub(crate) fn request_removed(destination: &'d dyn Flush) -> Self {
        Self::request_final(destination, Reason::Removed)
    }

    fn request_final(destination: &'d dyn Flush, reason: Reason) -> Self {
        let position = isolate(|| {
            destination.close(reason);
            Ok(destination.request_flush())
        });
        Self { destination, position }
    }

    pub(crate) fn wait(self, deadline: Instant) -> Result<(), FlushError> {
        let position = self.position?;
        isolate(|| self.destination.wait_flushed(position, deadline))
    }
}

/// Waits for all of `pending` for at most `limit`, and returns the first error. With a limit of
/// zero, it does not wait and cannot fail.
pub(crate) fn wait_all(pending: Vec<PendingFlush<'_>>, limit: Duration) -> OTelSdkResult {
    if limit.is_zero() {
        return Ok(());
    }
    let deadline = Instant::now() + limit;
    let results = pending.into_iter().map(|pending| pending.wait(deadline));
    results.fold(Ok(()), Result::and).map_err(|error| match error {
        FlushError::Timeout => OTelSdkError::Timeout(limit),
        FlushError::Failed(message) => OTelSdkError::InternalFailure(message),
    })
}

/// Runs `work` with telemetry suppressed, and converts a panic to an error.
fn isolate<T>(work: impl FnOnce() -> Result<T, FlushError>) -> Result<T, FlushError> {
    context::suppressed(|| shielded(work))
        .unwrap_or_else(|| Err(FlushError::Failed("a destination panicked".to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Panicking;

    impl Flush for Panicking {
        fn request_flush(&self) -> u64 {
            panic!("on purpose")
        }
    }

    #[derive(Debug)]
    struct Stuck;

    impl Flush for Stuck {
        fn wait_flushed(&self, _: u64, deadline: Instant) -> Result<(), FlushError> {
            std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
            Err(FlushError::Timeout)
        }
    }

    #[test]
    fn panic_is_the_failure_of_its_destination() {
        let result = PendingFlush::request(&Panicking).wait(Instant::now());
        assert_eq!(result, Err(FlushError::Failed("a destination panicked".to_owned())));
    }

    #[test]
    fn destinations_share_one_deadline() {
        let limit = Duration::from_millis(200);
        let start = Instant::now();
        let result = wait_all((0..10).map(|_| PendingFlush::request(&Stuck)).collect(), limit);
        assert!(matches!(result, Err(OTelSdkError::Timeout(_))), "{result:?}");
        // One deadline each would take ten times the limit.
        assert!(start.elapsed() < limit * 8, "{:?}", start.elapsed());
    }
}
