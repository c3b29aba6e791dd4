//! What `tracing` brings, without a global subscriber.

use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::tools::ObservabilityTools;

/// Makes the spans and events of `tracing` that this thread makes part of what `tools` record, for as long as the guard
/// lives.
///
/// Other threads are not reached, so an asynchronous test runs on one thread (`#[tokio::test]` does, unless it is told
/// otherwise). Records of the `log` crate are not reached at all: that crate knows only one logger, for the whole process.
///
/// ```
/// use autotelemetry::{prelude::*, testing};
///
/// let (tools, telemetry) = testing::tools();
/// let _guard = testing::capture_tracing(&tools);
///
/// let span = tracing::info_span!("pack", items = 3);
/// span.in_scope(|| tracing::warn!(left = 1, "out of boxes"));
/// drop(span);
///
/// telemetry.assert_span("pack").with_attribute("items", 3);
/// telemetry.assert_log(Severity::Warn).with_body("out of boxes").in_span("pack");
/// ```
pub fn capture_tracing(tools: &ObservabilityTools) -> TracingGuard {
    let subscriber = tracing_subscriber::registry().with(tools.tracing_layer());
    TracingGuard(tracing::subscriber::set_default(subscriber))
}

/// What [`capture_tracing`] has begun, until this is dropped.
#[derive(Debug)]
#[must_use = "capturing ends when this is dropped, which is at once unless it is bound to a name"]
pub struct TracingGuard(#[expect(dead_code, reason = "it is there to be dropped")] DefaultGuard);
