//! The handle to captured telemetry.

use std::{fmt, sync::Arc, time::Duration};

use opentelemetry::logs::Severity;
use opentelemetry_sdk::{Resource, trace::SpanData};

use super::{
    captured_log::CapturedLog, data_point::DataPoint, logs::LogAssertion, metrics::MetricAssertion,
    recording::Recording, spans::SpanAssertion,
};
use crate::export::{console::InstrumentKind, memory::Memory};

/// The telemetry that test tools have captured so far.
///
/// The handle can be cloned and sent to other threads. It outlives the tools.
///
/// The methods `assert_…` panic if they find nothing. Their results narrow down the matching items.
/// The `Display` implementation writes what was captured in the format of the exporter `console`:
/// the last 100 spans and log records, and all metrics.
///
/// ```
/// use autotelemetry::{prelude::*, testing};
///
/// let (tools, captured) = testing::tools();
/// drop(tools.tracer("shop").start_as_current_span("pack"));
/// drop(tools);
///
/// captured.assert_span("pack").root().times(1);
/// assert_eq!(captured.spans()[0].name, "pack");
/// println!("{captured}");
/// ```
#[derive(Debug, Clone)]
pub struct Captured(Recording);

impl Captured {
    pub(super) fn new(memory: Arc<Memory>) -> Self {
        Self(Recording::new(memory))
    }

    /// Returns the spans that have ended and were sampled, in the order in which they ended.
    #[must_use]
    pub fn spans(&self) -> Vec<SpanData> {
        self.0.spans()
    }

    /// Returns the log records, in the order in which they were emitted.
    #[must_use]
    pub fn logs(&self) -> Vec<CapturedLog> {
        self.0.logs()
    }

    /// Returns the data points of all instruments, sorted by meter, and by attributes within an
    /// instrument.
    ///
    /// Values are cumulative. The callbacks of observable instruments run now. A callback that
    /// calls this method itself times out.
    #[must_use]
    pub fn metrics(&self) -> Vec<DataPoint> {
        self.0.metrics()
    }

    /// Returns the resource: the attributes of the service and those that the configuration adds.
    #[must_use]
    pub fn resource(&self) -> Resource {
        self.0.memory().resource()
    }

    /// Asserts that a span of this name has ended.
    ///
    /// # Panics
    ///
    /// Panics if none has.
    #[track_caller]
    pub fn assert_span(&self, name: &str) -> SpanAssertion {
        SpanAssertion::new(&self.0, name)
    }

    /// Asserts that there is no span of this name, ended or not.
    ///
    /// A span that has not ended is known by the name that it started with.
    ///
    /// # Panics
    ///
    /// Panics if there is one.
    #[track_caller]
    pub fn assert_no_span(&self, name: &str) {
        assert!(
            !self.0.span_names().values().any(|other| other == name),
            "expected no span {name:?}, found one\n\n{self}"
        );
    }

    /// Asserts that the predicate returns `true` for no span that has ended.
    ///
    /// The message of a failure contains `condition`.
    ///
    /// ```
    /// # let (tools, captured) = autotelemetry::testing::tools();
    /// captured.assert_no_span_matching("that lasts a minute", |span| {
    ///     span.end_time.duration_since(span.start_time).is_ok_and(|took| took.as_secs() >= 60)
    /// });
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if there is one.
    #[track_caller]
    pub fn assert_no_span_matching(&self, condition: &str, predicate: impl FnMut(&SpanData) -> bool) {
        assert!(!self.spans().iter().any(predicate), "expected no span {condition}, found one\n\n{self}");
    }

    /// Asserts that there is a log record of this severity.
    ///
    /// # Panics
    ///
    /// Panics if there is none.
    #[track_caller]
    pub fn assert_log(&self, severity: Severity) -> LogAssertion {
        LogAssertion::new(&self.0, severity)
    }

    /// Asserts that there is no log record of this or a higher severity.
    ///
    /// # Panics
    ///
    /// Panics if there is one.
    #[track_caller]
    pub fn assert_no_log(&self, severity: Severity) {
        let logs = self.logs();
        let highest = logs.iter().filter_map(|log| log.record().severity_number()).max();
        if let Some(highest) = highest.filter(|highest| *highest >= severity) {
            let (severity, highest) = (severity.name(), highest.name());
            panic!("expected no log at {severity} or above, found one at {highest}\n\n{self}");
        }
    }

    /// Asserts that the predicate returns `true` for no log record.
    ///
    /// The message of a failure contains `condition`.
    ///
    /// ```
    /// # let (tools, captured) = autotelemetry::testing::tools();
    /// captured.assert_no_log_matching("with a token", |log| log.attribute("token").is_some());
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if there is one.
    #[track_caller]
    pub fn assert_no_log_matching(&self, condition: &str, predicate: impl FnMut(&CapturedLog) -> bool) {
        assert!(!self.logs().iter().any(predicate), "expected no log {condition}, found one\n\n{self}");
    }

    /// Asserts that a counter of this name, observable or not, has recorded values.
    ///
    /// ```
    /// # use autotelemetry::{prelude::*, testing};
    /// # let (tools, captured) = testing::tools();
    /// let orders = tools.meter("shop").u64_counter("orders").build();
    /// orders.add(1, &[KeyValue::new("payment", "card")]);
    /// orders.add(2, &[KeyValue::new("payment", "invoice")]);
    ///
    /// captured.assert_counter("orders").is(3);
    /// captured.assert_counter("orders").with_attribute("payment", "card").is(1);
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if none has.
    #[track_caller]
    pub fn assert_counter(&self, name: &str) -> MetricAssertion {
        MetricAssertion::new(&self.0, InstrumentKind::Counter, name)
    }

    /// Asserts that an up-down-counter of this name, observable or not, has recorded values.
    ///
    /// # Panics
    ///
    /// Panics if none has.
    #[track_caller]
    pub fn assert_up_down_counter(&self, name: &str) -> MetricAssertion {
        MetricAssertion::new(&self.0, InstrumentKind::UpDownCounter, name)
    }

    /// Asserts that a gauge of this name, observable or not, has a value.
    ///
    /// # Panics
    ///
    /// Panics if none has.
    #[track_caller]
    pub fn assert_gauge(&self, name: &str) -> MetricAssertion {
        MetricAssertion::new(&self.0, InstrumentKind::Gauge, name)
    }

    /// Asserts that a histogram of this name has recorded values.
    ///
    /// # Panics
    ///
    /// Panics if none has.
    #[track_caller]
    pub fn assert_histogram(&self, name: &str) -> MetricAssertion {
        MetricAssertion::new(&self.0, InstrumentKind::Histogram, name)
    }

    /// Blocks until `condition` returns `true`, for telemetry of other threads or tasks.
    ///
    /// In an asynchronous test on a single thread, nothing else runs while the thread is blocked.
    /// In such a test, call this in `tokio::task::spawn_blocking`, with a clone of the handle.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use autotelemetry::{prelude::*, testing};
    /// # let (tools, captured) = testing::tools();
    /// let tracer = tools.tracer("shop");
    /// let worker = std::thread::spawn(move || drop(tracer.start("pack")));
    /// captured.wait_until(Duration::from_secs(5), |captured| !captured.spans().is_empty());
    /// # worker.join().unwrap();
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if `condition` does not return `true` within `timeout`.
    #[track_caller]
    pub fn wait_until(&self, timeout: Duration, mut condition: impl FnMut(&Self) -> bool) {
        assert!(
            self.0.memory().wait(timeout, || condition(self)),
            "the condition was not met within {timeout:?}\n\n{self}"
        );
    }

    /// Advances the clock of [`TestBuilder::clock`](crate::testing::TestBuilder::clock).
    ///
    /// # Panics
    ///
    /// Panics if no clock was set.
    #[track_caller]
    pub fn advance_clock(&self, time: Duration) {
        assert!(self.0.memory().advance(time), "no clock was set; call `testing::builder().clock(…)`");
    }
}

/// Writes the last spans and log records and all metrics, without colors.
impl fmt::Display for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
