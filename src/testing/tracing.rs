//! What `tracing` brings, without a global subscriber.

use std::sync::LazyLock;

use tracing::{
    Dispatch, Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
    subscriber::{DefaultGuard, Interest},
};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::tools::ObservabilityTools;

/// As long as there is one subscriber alone, `tracing` asks that of the thread which comes to a span or event first, and
/// remembers for all threads when it is told that nobody wants it. With this second one it goes on asking.
static UNDECIDED: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Undecided));

/// Wants nothing now, and never says that it will not.
struct Undecided;

impl Subscriber for Undecided {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Makes the spans and events of `tracing` that this thread makes part of what `tools` record, for as long as the guard
/// lives.
///
/// Other threads are not reached, so an asynchronous test runs on one thread (`#[tokio::test]` does, unless it is told
/// otherwise), or takes [`tracing_dispatch`]. Records of the `log` crate are not reached at all: that crate knows only one
/// logger, for the whole process.
///
/// Fields of spans that are unsigned integers arrive as texts, since the bridge for spans knows only signed ones.
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
    TracingGuard(tracing::dispatcher::set_default(&tracing_dispatch(tools)))
}

/// A subscriber whose spans and events become part of what `tools` record, for threads and tasks that [`capture_tracing`]
/// does not reach.
///
/// ```
/// use autotelemetry::{prelude::*, testing};
/// use tracing::{dispatcher, instrument::WithSubscriber as _};
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let (tools, telemetry) = testing::tools();
/// let dispatch = testing::tracing_dispatch(&tools);
///
/// let task = tokio::spawn(async { tracing::info!("in a task") }.with_subscriber(dispatch.clone()));
/// let thread = std::thread::spawn(move || {
///     dispatcher::with_default(&dispatch, || tracing::info!("in a thread"));
/// });
/// task.await.unwrap();
/// thread.join().unwrap();
///
/// telemetry.assert_log(Severity::Info).with_body("in a task");
/// telemetry.assert_log(Severity::Info).with_body("in a thread");
/// # });
/// ```
pub fn tracing_dispatch(tools: &ObservabilityTools) -> Dispatch {
    LazyLock::force(&UNDECIDED);
    Dispatch::new(tracing_subscriber::registry().with(tools.tracing_layer()))
}

/// What [`capture_tracing`] has begun, until this is dropped.
#[derive(Debug)]
#[must_use = "capturing ends when this is dropped: bind it to a name such as `_guard`, since `_` drops it at once"]
pub struct TracingGuard(#[expect(dead_code, reason = "it is there to be dropped")] DefaultGuard);
