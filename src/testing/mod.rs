//! In-memory tools and assertions for testing your instrumentation.
//!
//! [`tools`] returns tools of the same type as those of the program, and a handle to the telemetry
//! that they capture. The tools set no globals, read no environment variables and send nothing. Any
//! number of tests can run in parallel, each with its own tools.
//!
//! ```
//! use autotelemetry::{ObservabilityTools, prelude::*, testing};
//!
//! fn place_order(tools: &ObservabilityTools) {
//!     let span = tools.tracer("shop").start_as_current_span("place_order");
//!     span.set_attribute(KeyValue::new("payment", "card"));
//!     tools.logger("shop").info("order placed", &[KeyValue::new("items", 3)]);
//!     let orders = tools.meter("shop").u64_counter("orders").build();
//!     orders.add(1, &[KeyValue::new("payment", "card")]);
//! }
//!
//! // #[test]
//! fn order_is_recorded() {
//!     let (tools, captured) = testing::tools();
//!     place_order(&tools);
//!
//!     captured.assert_span("place_order").with_attribute("payment", "card").times(1);
//!     captured.assert_log(Severity::Info).with_body("order placed").in_span("place_order");
//!     captured.assert_counter("orders").with_attribute("payment", "card").is(1);
//!     captured.assert_no_log(Severity::Warn);
//! }
//! # order_is_recorded();
//! ```
//!
//! Each assertion starts with a name or a severity, and each further call narrows down the matching
//! items. A call that leaves no item panics at its line in the test, and shows what was captured.
//!
//! With [`builder`], ids and times are the same in each run.
#![expect(
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "an assertion is complete without the use of its result"
)]

mod attributes;
mod builder;
mod captured;
mod captured_log;
mod data_point;
mod logs;
mod matches;
mod metrics;
mod recording;
mod spans;
mod tracing;

pub use self::{
    builder::TestBuilder,
    captured::Captured,
    captured_log::CapturedLog,
    data_point::DataPoint,
    logs::LogAssertion,
    metrics::MetricAssertion,
    spans::SpanAssertion,
    tracing::{TracingGuard, capture_tracing, tracing_dispatch},
};
pub use crate::export::console::{InstrumentKind, MetricValue, NumberValue};
use crate::tools::ObservabilityTools;

/// Returns tools for one test and a handle to the telemetry that they capture.
///
/// They capture all spans, log records of every level, and all metrics. Same as
/// `builder().build()`.
pub fn tools() -> (ObservabilityTools, Captured) {
    builder().build()
}

/// Returns a builder, with the settings of [`tools`](fn@tools) as defaults.
pub fn builder() -> TestBuilder {
    TestBuilder::new()
}
