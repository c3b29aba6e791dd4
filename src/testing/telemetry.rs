//! What was recorded.

use std::{
    fmt::{self, Write as _},
    sync::Arc,
    time::{Duration, SystemTime},
};

use opentelemetry::logs::Severity;
use opentelemetry_sdk::{Resource, trace::SpanData};

use super::{CapturedLog, DataPoint, InstrumentKind, LogAssertion, MetricAssertion, SpanAssertion};
use crate::{
    export::{
        console::{sorted_points, table, trees},
        memory::Memory,
    },
    format::{Format, text::Palette},
};

/// What tools for tests have recorded so far. It can be cloned and sent to other threads, and outlives the tools.
///
/// The methods `assert_…` panic when nothing is there that they ask for; their results narrow down what is meant. Printed,
/// it is what was recorded, in the form of the exporter `console`: the last 100 spans and log records, and all metrics.
#[derive(Debug, Clone)]
pub struct Captured(pub(super) Arc<Memory>);

impl Captured {
    /// The spans that have ended and were sampled, in the order in which they ended.
    #[must_use]
    pub fn spans(&self) -> Vec<SpanData> {
        self.0.spans()
    }

    /// The log records, in the order in which they were written.
    #[must_use]
    pub fn logs(&self) -> Vec<CapturedLog> {
        self.0.logs().into_iter().map(|(record, scope)| CapturedLog { record, scope }).collect()
    }

    /// What all instruments have measured from the beginning, sorted by meter, and by attributes within one instrument.
    /// Observable ones are asked now; a callback that looks at telemetry itself is waited for in vain.
    #[must_use]
    pub fn metrics(&self) -> Vec<DataPoint> {
        self.0.metrics(|metrics| sorted_points(metrics).iter().map(DataPoint::from).collect())
    }

    /// The attributes of all telemetry: the service, and what else the configuration says about it.
    #[must_use]
    pub fn resource(&self) -> Resource {
        self.0.resource()
    }

    /// That there is a span of this name that has ended.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[track_caller]
    pub fn assert_span(&self, name: &str) -> SpanAssertion {
        SpanAssertion::new(self, name)
    }

    /// That there is no span of this name, ended or not. One that has not ended is known by the name that it began with.
    ///
    /// # Panics
    ///
    /// When there is one.
    #[track_caller]
    pub fn assert_no_span(&self, name: &str) {
        assert!(
            !self.0.span_names().values().any(|other| other == name),
            "there is a span {name:?}\n\n{self}"
        );
    }

    /// That no span that has ended is one that `fits` likes. `description` stands in the message of a failure.
    ///
    /// ```
    /// # let (tools, telemetry) = autotelemetry::testing::tools();
    /// telemetry.assert_no_span_matching("that lasts a minute", |span| {
    ///     span.end_time.duration_since(span.start_time).is_ok_and(|took| took.as_secs() >= 60)
    /// });
    /// ```
    ///
    /// # Panics
    ///
    /// When there is one.
    #[track_caller]
    pub fn assert_no_span_matching(&self, description: &str, fits: impl FnMut(&SpanData) -> bool) {
        assert!(!self.spans().iter().any(fits), "there is a span {description}\n\n{self}");
    }

    /// That there is a log record of this severity.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[track_caller]
    pub fn assert_log(&self, severity: Severity) -> LogAssertion {
        LogAssertion::new(self, severity)
    }

    /// That there is no log record of this severity, or of a worse one.
    ///
    /// # Panics
    ///
    /// When there is one.
    #[track_caller]
    pub fn assert_no_log(&self, severity: Severity) {
        let logs = self.logs();
        let worst = logs.iter().filter_map(|log| log.record.severity_number()).max();
        if let Some(worst) = worst.filter(|worst| *worst >= severity) {
            panic!("there is a log at {}\n\n{self}", worst.name());
        }
    }

    /// That no log record is one that `fits` likes. `description` stands in the message of a failure.
    ///
    /// # Panics
    ///
    /// When there is one.
    #[track_caller]
    pub fn assert_no_log_matching(&self, description: &str, fits: impl FnMut(&CapturedLog) -> bool) {
        assert!(!self.logs().iter().any(fits), "there is a log {description}\n\n{self}");
    }

    /// That a counter of this name has counted, observable or not.
    ///
    /// # Panics
    ///
    /// When none has.
    #[track_caller]
    pub fn assert_counter(&self, name: &str) -> MetricAssertion {
        MetricAssertion::new(self, InstrumentKind::Counter, name)
    }

    /// That an up-down-counter of this name has counted, observable or not.
    ///
    /// # Panics
    ///
    /// When none has.
    #[track_caller]
    pub fn assert_up_down_counter(&self, name: &str) -> MetricAssertion {
        MetricAssertion::new(self, InstrumentKind::UpDownCounter, name)
    }

    /// That a gauge of this name has a value, observable or not.
    ///
    /// # Panics
    ///
    /// When none has.
    #[track_caller]
    pub fn assert_gauge(&self, name: &str) -> MetricAssertion {
        MetricAssertion::new(self, InstrumentKind::Gauge, name)
    }

    /// That a histogram of this name was given values.
    ///
    /// # Panics
    ///
    /// When none has.
    #[track_caller]
    pub fn assert_histogram(&self, name: &str) -> MetricAssertion {
        MetricAssertion::new(self, InstrumentKind::Histogram, name)
    }

    /// Waits until `is_enough` says so, for what other threads or tasks still do.
    ///
    /// This blocks the thread. In an asynchronous test on one thread nothing else would run meanwhile: there, wait in
    /// `tokio::task::spawn_blocking`, for which this handle can be cloned.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use autotelemetry::{prelude::*, testing};
    /// # let (tools, telemetry) = testing::tools();
    /// let tracer = tools.tracer("shop");
    /// let worker = std::thread::spawn(move || drop(tracer.start("pack")));
    /// telemetry.wait_until(Duration::from_secs(5), |telemetry| !telemetry.spans().is_empty());
    /// # worker.join().unwrap();
    /// ```
    ///
    /// # Panics
    ///
    /// When it does not say so within `limit`.
    #[track_caller]
    pub fn wait_until(&self, limit: Duration, mut is_enough: impl FnMut(&Self) -> bool) {
        assert!(self.0.wait(limit, || is_enough(self)), "not within {limit:?}\n\n{self}");
    }

    /// Lets `time` pass on the clock of [`TestBuilder::clock`](crate::testing::TestBuilder::clock).
    ///
    /// # Panics
    ///
    /// When there is no such clock.
    #[track_caller]
    pub fn advance_clock(&self, time: Duration) {
        assert!(self.0.advance(time), "no clock was asked for; `testing::builder().clock(…)` does");
    }
}

/// How many spans and log records are shown.
const MAX_SHOWN: usize = 100;

/// The last ones of `all`, and a line about those before.
fn last<'a, T>(out: &mut String, all: &'a [T], what: &str) -> &'a [T] {
    let before = all.len().saturating_sub(MAX_SHOWN);
    if before > 0 {
        let _ = writeln!(out, "… {before} {what} before these");
    }
    &all[before..]
}

/// The last spans and log records and all metrics, without colours.
impl fmt::Display for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let palette = Palette::new(false);
        let mut out = String::new();
        let (spans, logs) = (self.spans(), self.logs());
        let spans = last(&mut out, &spans, "spans");
        trees(&mut out, spans, palette);
        for name in last(&mut out, &self.0.open_names(), "spans that have not ended") {
            let _ = writeln!(out, "span {name:?} has not ended");
        }
        for CapturedLog { record, scope } in last(&mut out, &logs, "log records") {
            Format::Text(palette).line(&mut out, record, scope);
        }
        self.0.metrics(|metrics| {
            let points = sorted_points(metrics);
            if !points.is_empty() {
                table(&mut out, &points, self.0.time(SystemTime::now()), palette);
            }
        });
        if out.is_empty() {
            out.push_str("nothing was recorded\n");
        }
        f.write_str(&out)
    }
}
