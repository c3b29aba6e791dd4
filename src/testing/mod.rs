//! For tests of one's own telemetry: tools that keep everything in memory, and assertions about what they kept.
//!
//! [`tools`] makes both. The tools are those that the program gets elsewhere; nothing global is set, nothing is read from
//! the environment and nothing is sent, so any number of tests run side by side, each with tools of its own.
//!
//! ```
//! use autotelemetry::{ObservabilityTools, prelude::*, testing};
//!
//! fn place_order(tools: &ObservabilityTools) {
//!     let span = tools.tracer("shop").start_as_current_span("place_order");
//!     span.set_attribute(KeyValue::new("payment", "card"));
//!     tools.logger("shop").info("order placed", &[KeyValue::new("items", 3)]);
//!     tools.meter("shop").u64_counter("orders").build().add(1, &[KeyValue::new("payment", "card")]);
//! }
//!
//! // #[test]
//! fn an_order_is_told() {
//!     let (tools, telemetry) = testing::tools();
//!     place_order(&tools);
//!
//!     telemetry.assert_span("place_order").with_attribute("payment", "card").times(1);
//!     telemetry.assert_log(Severity::Info).with_body("order placed").in_span("place_order");
//!     telemetry.assert_counter("orders").with_attribute("payment", "card").is(1);
//!     telemetry.assert_no_log(Severity::Warn);
//! }
//! # an_order_is_told();
//! ```
//!
//! Each assertion names something, and each call behind it leaves fewer of what was found. The call that leaves none panics,
//! at its line of the test, and shows what was recorded.
//!
//! A test that wants the same ids and times in each run asks for them with [`builder`].
#![expect(
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "an assertion says what it has to say without its result"
)]

mod data_point;
mod log_entry;
mod logs;
mod matches;
mod metrics;
mod spans;
mod telemetry;
mod tracing;

use std::{sync::Arc, time::SystemTime};

pub use self::{
    data_point::DataPoint,
    log_entry::CapturedLog,
    logs::LogAssertion,
    metrics::MetricAssertion,
    spans::SpanAssertion,
    telemetry::Captured,
    tracing::{TracingGuard, capture_tracing, tracing_dispatch},
};
pub use crate::export::console::{InstrumentKind, MetricValue, NumberValue};
use crate::{
    export::memory::Memory,
    tools::{Builder, ObservabilityTools},
};

/// Tools for one test, and what they record: all spans, log records of every level, all metrics.
///
/// The same as `builder().build()`.
pub fn tools() -> (ObservabilityTools, Captured) {
    builder().build()
}

/// Begins with tools as [`tools`](fn@tools) makes them.
pub fn builder() -> TestBuilder {
    TestBuilder {
        inner: Builder::isolated().service_name("test").set("logs.level", "trace"),
        deterministic_ids: false,
        clock: None,
    }
}

/// Makes tools for tests that are to differ from those of [`tools`](fn@tools).
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use autotelemetry::{prelude::*, testing};
///
/// let (tools, telemetry) = testing::builder()
///     .deterministic_ids()
///     .clock(SystemTime::UNIX_EPOCH)
///     .configure(|builder| builder.set("logs.level", "info"))
///     .build();
///
/// let span = tools.tracer("shop").start_as_current_span("pack");
/// telemetry.advance_clock(Duration::from_secs(2));
/// drop(span);
///
/// telemetry.assert_span("pack").lasting(Duration::from_secs(2));
/// ```
#[derive(Debug)]
#[must_use]
pub struct TestBuilder {
    inner: Builder,
    deterministic_ids: bool,
    clock: Option<SystemTime>,
}

impl TestBuilder {
    /// Trace ids and span ids count up from 1, in the order in which traces and spans begin. Trace ids do so in their first
    /// eight digits, so a sampler by ratio takes all of them, unless its ratio is 0.
    pub fn deterministic_ids(mut self) -> Self {
        self.deterministic_ids = true;
        self
    }

    /// All telemetry has the time `start`, until [`Captured::advance_clock`] is called. Times that the program sets itself,
    /// in the past before this test or in the future, stay; one that sets the start of a span sets its end too.
    pub fn clock(mut self, start: SystemTime) -> Self {
        self.clock = Some(start);
        self
    }

    /// Sets anything else as a program would: a file of the program, a profile, variables, single keys.
    ///
    /// What decides where telemetry goes has no effect: exporters, and the levels of single ones (`[logs.levels]`). Everything
    /// else has: samplers, `logs.level`, limits, the resource.
    pub fn configure(mut self, configure: impl FnOnce(Builder) -> Builder) -> Self {
        self.inner = configure(self.inner);
        self
    }

    /// Makes the tools, and what they will have recorded.
    ///
    /// # Panics
    ///
    /// When the configuration has problems, all of which it shows.
    #[track_caller]
    pub fn build(self) -> (ObservabilityTools, Captured) {
        let memory = Arc::new(Memory::new(self.deterministic_ids, self.clock));
        match self.inner.build_in_memory(Arc::clone(&memory)) {
            Ok(tools) => (tools, Captured(memory)),
            Err(error) => panic!("{error}"),
        }
    }
}
