//! Capture of `tracing` spans and events without a global subscriber.

use std::sync::LazyLock;

use tracing::{
    Dispatch, Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
    subscriber::{DefaultGuard, Interest},
};

use crate::tools::ObservabilityTools;

/// Prevents `tracing` from caching that a callsite is disabled.
///
/// With a single subscriber, `tracing` asks the one of the thread that reaches a callsite first. If
/// that thread has none, the callsite stays disabled for all threads. With a second subscriber that
/// never rules out a callsite, `tracing` asks each time.
static UNDECIDED: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(UndecidedSubscriber));

/// A subscriber that enables nothing and never rules out a callsite.
struct UndecidedSubscriber;

impl Subscriber for UndecidedSubscriber {
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

/// Captures the `tracing` spans and events of this thread with `tools`, until the guard is dropped.
///
/// Other threads are not captured. An asynchronous test must therefore run on one thread, as
/// `#[tokio::test]` does by default, or use [`tracing_dispatch`]. Records of the `log` crate are
/// not captured: that crate has a single logger for the whole process.
///
/// Unsigned integers in span fields are captured as text, since the bridge for spans only supports
/// signed ones.
///
/// ```
/// use autotelemetry::{prelude::*, testing};
///
/// let (tools, captured) = testing::tools();
/// let _guard = testing::capture_tracing(&tools);
///
/// let span = tracing::info_span!("pack", items = 3);
/// span.in_scope(|| tracing::warn!(left = 1, "out of boxes"));
/// drop(span);
///
/// captured.assert_span("pack").with_attribute("items", 3);
/// captured.assert_log(Severity::Warn).with_body("out of boxes").in_span("pack");
/// ```
pub fn capture_tracing(tools: &ObservabilityTools) -> TracingGuard {
    TracingGuard(tracing::dispatcher::set_default(&tracing_dispatch(tools)))
}

/// Returns a subscriber that captures spans and events with `tools`, for threads and tasks that
/// [`capture_tracing`] does not reach.
///
/// ```
/// use autotelemetry::{prelude::*, testing};
/// use tracing::{dispatcher, instrument::WithSubscriber as _};
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let (tools, captured) = testing::tools();
/// let dispatch = testing::tracing_dispatch(&tools);
///
/// let in_task = async { tracing::info!("in a task") };
/// let task = tokio::spawn(in_task.with_subscriber(dispatch.clone()));
/// let thread = std::thread::spawn(move || {
///     dispatcher::with_default(&dispatch, || tracing::info!("in a thread"));
/// });
/// task.await.unwrap();
/// thread.join().unwrap();
///
/// captured.assert_log(Severity::Info).with_body("in a task");
/// captured.assert_log(Severity::Info).with_body("in a thread");
/// # });
/// ```
pub fn tracing_dispatch(tools: &ObservabilityTools) -> Dispatch {
    LazyLock::force(&UNDECIDED);
    Dispatch::new(tools.subscriber())
}

/// Captures `tracing` spans and events until it is dropped. [`capture_tracing`] returns it.
#[derive(Debug)]
#[must_use = "capturing ends when this is dropped: bind it to a name such as `_guard`, since `_` drops it at once"]
pub struct TracingGuard(#[expect(dead_code, reason = "its drop ends the capture")] DefaultGuard);
