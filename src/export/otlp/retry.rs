//! Trying again, by the rules of the specification.

use std::{
    future::Future,
    hash::{BuildHasher, RandomState},
    time::{Duration, Instant},
};

use super::export_error::{ExportError, Retryable};
use crate::{config::RetrySettings, export::runtime::ShutdownSignal};

/// When to try again and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RetryPolicy {
    /// The limit for one export, as long as the destination may have seen what was sent.
    pub(crate) limit: Option<Duration>,
    pub(crate) settings: RetrySettings,
    /// Whether an outage counts for nothing: what was not delivered waits for its end.
    pub(crate) retry_while_unavailable: bool,
}

/// Calls `attempt` until it succeeds, fails for good, or the rules say that it is enough. Once shutting down has begun
/// there is one attempt more at most. `tell` hears of each failure after which it goes on.
///
/// See the specification, "OpenTelemetry Protocol Exporter", "Retry": exponential back-off with jitter.
pub(crate) async fn retry<T, F: Future<Output = Result<T, ExportError>>>(
    rules: RetryPolicy,
    mut shutdown_signal: ShutdownSignal,
    mut attempt: impl FnMut() -> F,
    tell: impl Fn(&ExportError),
) -> Result<T, ExportError> {
    let RetryPolicy {
        limit,
        settings: RetrySettings { max_attempts, initial_backoff, max_backoff },
        retry_while_unavailable,
    } = rules;
    let mut delay = initial_backoff;
    let mut attempts = 0;
    let mut began = Instant::now();
    // Says more than that the time was over while another attempt was under way.
    let mut last_failure = None;
    loop {
        let failure = match limit {
            None => attempt().await,
            Some(limit) => {
                tokio::time::timeout(limit.saturating_sub(began.elapsed()), attempt()).await.unwrap_or_else(
                    |_| Err(last_failure.take().unwrap_or_else(|| ExportError::no_answer(limit))),
                )
            }
        };
        let failure = match failure {
            Ok(done) => return Ok(done),
            Err(failure) => failure,
        };
        attempts += 1;
        let Retryable::After(asked) = failure.retry() else { return Err(failure) };
        // A server may ask for a longer pause, not for none.
        let pause = asked.unwrap_or_default().max(jittered(delay));
        let waits = retry_while_unavailable && failure.kind().is_unavailable();
        let is_late = limit.is_some_and(|limit| began.elapsed() + pause >= limit);
        if shutdown_signal.has_begun() || max_attempts == Some(attempts) || (is_late && !waits) {
            return Err(failure.given_up(attempts));
        }
        tell(&failure);
        last_failure = (!waits).then_some(failure);
        delay = (delay * 2).min(max_backoff);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shutdown_signal.wait() => {}
        }
        if waits {
            began = Instant::now();
        }
    }
}

/// Between half of `delay` and all of it, so that many processes do not knock at once.
fn jittered(delay: Duration) -> Duration {
    let random = RandomState::new().hash_one(0_u8) % 1000;
    delay / 2 + delay / 2000 * u32::try_from(random).unwrap_or_default()
}
