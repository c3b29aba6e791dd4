//! The builder for test tools.

use std::{sync::Arc, time::SystemTime};

use super::captured::Captured;
use crate::{
    export::memory::Memory,
    tools::{Builder, ObservabilityTools},
};

/// Builds test tools that differ from those of [`tools`](fn@crate::testing::tools).
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use autotelemetry::{prelude::*, testing};
///
/// let (tools, captured) = testing::builder()
///     .deterministic_ids()
///     .clock(SystemTime::UNIX_EPOCH)
///     .configure(|builder| builder.set("logs.level", "info"))
///     .build();
///
/// let span = tools.tracer("shop").start_as_current_span("pack");
/// captured.advance_clock(Duration::from_secs(2));
/// drop(span);
///
/// captured.assert_span("pack").lasting(Duration::from_secs(2));
/// ```
#[derive(Debug)]
#[must_use]
pub struct TestBuilder {
    inner: Builder,
    deterministic_ids: bool,
    clock: Option<SystemTime>,
}

impl TestBuilder {
    pub(super) fn new() -> Self {
        Self {
            inner: Builder::isolated().service_name("test").set("logs.level", "trace"),
            deterministic_ids: false,
            clock: None,
        }
    }

    /// Makes trace ids and span ids count up from 1, in the order in which traces and spans start.
    ///
    /// Trace ids count in their first eight digits. A ratio sampler therefore samples all traces,
    /// unless its ratio is 0. The sampler `probability` samples none, unless its ratio is 1.
    pub fn deterministic_ids(mut self) -> Self {
        self.deterministic_ids = true;
        self
    }

    /// Gives all telemetry the time `start`, until [`Captured::advance_clock`] is called.
    ///
    /// Times that the program sets itself are kept if they are before this test or in the future. A
    /// program that sets the start of a span must also set its end.
    pub fn clock(mut self, start: SystemTime) -> Self {
        self.clock = Some(start);
        self
    }

    /// Configures the tools as a program would: with a file, a profile, variables or single keys.
    ///
    /// Exporters and the levels of single exporters (`[logs.levels]`) have no effect. All other
    /// settings apply: samplers, `logs.level`, limits, the resource.
    pub fn configure(mut self, configure: impl FnOnce(Builder) -> Builder) -> Self {
        self.inner = configure(self.inner);
        self
    }

    /// Builds the tools and the handle to the telemetry that they capture.
    ///
    /// # Panics
    ///
    /// Panics if the configuration is invalid. The message lists all problems.
    #[track_caller]
    pub fn build(self) -> (ObservabilityTools, Captured) {
        let memory = Arc::new(Memory::new(self.deterministic_ids, self.clock));
        match self.inner.build_in_memory(Arc::clone(&memory)) {
            Ok(tools) => (tools, Captured::new(memory)),
            Err(error) => panic!("{error}"),
        }
    }
}
