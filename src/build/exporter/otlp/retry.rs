//! Trying again, by the rules of the specification and within one deadline.

use std::{
    fmt,
    future::Future,
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use crate::config::format_duration;

/// Why a request failed.
#[derive(Debug)]
pub(super) struct Failure {
    message: String,
    retry: Retry,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Retry {
    Never,
    /// As soon as the back-off says, or the server does.
    After(Option<Duration>),
}

impl Failure {
    /// Trying again would not help.
    pub(super) fn permanent(message: impl Into<String>) -> Self {
        Self { message: message.into(), retry: Retry::Never }
    }

    /// Trying again may help, after the time that the server asked for.
    pub(super) fn transient(message: impl Into<String>, after: Option<Duration>) -> Self {
        // A server that wants more is not worth the memory of what waits meanwhile.
        let after = after.map(|after| after.min(LONGEST_WAIT));
        Self { message: message.into(), retry: Retry::After(after) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The whole chain of an error's sources: the cause that an operator looks for is usually the last one.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let part = error.to_string();
        if !text.ends_with(&part) {
            text = format!("{text}: {part}");
        }
        source = error.source();
    }
    if let Some((_, hint)) = HINTS.iter().find(|(part, _)| text.contains(part)) {
        text = format!("{text} ({hint})");
    }
    text
}

/// What an error of the network crates means when it comes from a destination.
const HINTS: [(&str, &str); 3] = [
    ("invalid HTTP version parsed", "is this a port for gRPC?"),
    ("frame with invalid size", "is this a port for HTTP, not gRPC?"),
    ("InvalidContentType", "does this port speak TLS?"),
];

const LONGEST_WAIT: Duration = Duration::from_secs(60);
const FIRST_DELAY: Duration = Duration::from_millis(200);
const LONGEST_DELAY: Duration = Duration::from_secs(5);

/// Calls `attempt` until it succeeds, fails for good, the time is over, or shutting down begins.
///
/// See the specification, "OpenTelemetry Protocol Exporter", "Retry": exponential back-off with jitter.
pub(super) async fn until<T, F: Future<Output = Result<T, Failure>>>(
    limit: Option<Duration>,
    closing: impl Future<Output = ()>,
    mut attempt: impl FnMut() -> F,
) -> Result<T, Failure> {
    let mut closing = std::pin::pin!(closing);
    let mut last_failure = None;
    let attempts = async {
        let mut delay = FIRST_DELAY;
        loop {
            let failure = match attempt().await {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            let Retry::After(asked) = failure.retry else { return Err(failure) };
            let pause = asked.unwrap_or_else(|| jittered(delay));
            delay = (delay * 2).min(LONGEST_DELAY);
            last_failure = Some(failure);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = &mut closing => return Err(last_failure.take().unwrap_or_else(shut_down)),
            }
        }
    };
    let Some(limit) = limit else { return attempts.await };
    if let Ok(result) = tokio::time::timeout(limit, attempts).await {
        result
    } else {
        let limit = format_duration(limit);
        Err(Failure::permanent(match last_failure {
            Some(failure) => format!("{failure}; gave up after {limit}"),
            None => format!("no answer within {limit}"),
        }))
    }
}

fn shut_down() -> Failure {
    Failure::permanent("telemetry was shut down meanwhile")
}

/// Between half of `delay` and all of it, so that many processes do not knock at once.
fn jittered(delay: Duration) -> Duration {
    let random = RandomState::new().hash_one(0_u8) % 1000;
    delay / 2 + delay / 2000 * u32::try_from(random).unwrap_or_default()
}
