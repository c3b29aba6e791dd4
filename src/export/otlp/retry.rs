//! Retries with exponential back-off and jitter.

use std::{
    future::Future,
    hash::{BuildHasher, RandomState},
    time::{Duration, Instant},
};

use super::export_error::{ExportError, Retryable};
use crate::{config::RetrySettings, export::runtime::ShutdownSignal};

/// The limits of retries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RetryPolicy {
    /// The time limit for one export, all attempts included; `None` for no limit.
    pub(crate) limit: Option<Duration>,
    pub(crate) settings: RetrySettings,
    /// Excludes the time of an outage from `limit`, so that items are kept until the outage ends.
    pub(crate) retry_while_unavailable: bool,
}

/// Calls `attempt` until it succeeds, fails permanently, or `policy` ends the retries. After the
/// shutdown signal, at most one more attempt follows. Calls `on_retry` with the error of each
/// failed attempt that is followed by another one.
///
/// See the specification, "OpenTelemetry Protocol Exporter", "Retry": exponential back-off with
/// jitter.
pub(crate) async fn retry<T, F: Future<Output = Result<T, ExportError>>>(
    policy: RetryPolicy,
    mut shutdown_signal: ShutdownSignal,
    mut attempt: impl FnMut() -> F,
    on_retry: impl Fn(&ExportError),
) -> Result<T, ExportError> {
    let RetryPolicy {
        limit,
        settings: RetrySettings { max_attempts, initial_backoff, max_backoff },
        retry_while_unavailable,
    } = policy;
    let mut backoff = initial_backoff;
    let mut attempts = 0;
    let mut start = Instant::now();
    // Reported instead of the timeout of a later attempt, since it is more precise.
    let mut last_error = None;
    loop {
        let result = match limit {
            None => attempt().await,
            Some(limit) => tokio::time::timeout(limit.saturating_sub(start.elapsed()), attempt())
                .await
                .unwrap_or_else(|_| Err(last_error.take().unwrap_or_else(|| ExportError::timeout(limit)))),
        };
        let error = match result {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        attempts += 1;
        let Retryable::After(retry_delay) = error.retryable() else { return Err(error) };
        // A server may request a longer pause than the back-off, but not a shorter one.
        let pause = retry_delay.unwrap_or_default().max(with_jitter(backoff));
        let is_unlimited = retry_while_unavailable && error.error_type().is_unavailable();
        let is_late = limit.is_some_and(|limit| start.elapsed() + pause >= limit);
        if shutdown_signal.has_begun() || max_attempts == Some(attempts) || (is_late && !is_unlimited) {
            return Err(error.after_attempts(attempts));
        }
        on_retry(&error);
        last_error = (!is_unlimited).then_some(error);
        backoff = (backoff * 2).min(max_backoff);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shutdown_signal.wait() => {}
        }
        if is_unlimited {
            start = Instant::now();
        }
    }
}

/// Returns a random delay between half of `delay` and all of it, so that many processes do not
/// retry at once.
fn with_jitter(delay: Duration) -> Duration {
    let random = RandomState::new().hash_one(0_u8) % 1000;
    delay / 2 + delay / 2000 * u32::try_from(random).unwrap_or_default()
}
