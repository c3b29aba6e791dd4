//! What was recorded.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt::{self, Write as _},
    sync::Arc,
    time::{Duration, SystemTime},
};

use opentelemetry::{
    logs::Severity,
    trace::{SpanId, TraceId},
};
use opentelemetry_sdk::trace::SpanData;

use super::{DataPoint, LogAssertion, LogEntry, MetricAssertion, SpanAssertion};
use crate::{
    build::{Memory, metrics_table, sorted_points, span_trees},
    logs::line::{Format, text::Palette},
};

/// What tools for tests have recorded so far. It can be cloned and sent to other threads, and outlives the tools.
///
/// The methods `assert_…` panic when nothing is there that they ask for; their results narrow down what is meant. Printed,
/// it is all that was recorded, in the form of the exporter `console`.
#[derive(Debug, Clone)]
pub struct Telemetry(pub(super) Arc<Memory>);

impl Telemetry {
    /// The spans that have ended and were sampled, in the order in which they ended.
    #[must_use]
    pub fn spans(&self) -> Vec<SpanData> {
        self.0.spans()
    }

    /// The log records, in the order in which they were written.
    #[must_use]
    pub fn logs(&self) -> Vec<LogEntry> {
        self.0.logs().into_iter().map(|(record, scope)| LogEntry { record, scope }).collect()
    }

    /// What all instruments have measured from the beginning, sorted by meter, and by attributes within one instrument.
    /// Observable ones are asked now.
    #[must_use]
    pub fn metrics(&self) -> Vec<DataPoint> {
        self.0.metrics(|metrics| sorted_points(metrics).iter().map(DataPoint::from).collect())
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

    /// That there is no span of this name, ended or not.
    ///
    /// # Panics
    ///
    /// When there is one.
    #[track_caller]
    pub fn assert_no_span(&self, name: &str) {
        assert!(!self.span_names().values().any(|other| other == name), "there is a span {name:?}\n\n{self}");
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

    /// That a counter of this name has counted, observable or not.
    ///
    /// # Panics
    ///
    /// When none has.
    #[track_caller]
    pub fn assert_counter(&self, name: &str) -> MetricAssertion {
        MetricAssertion::new(self, "counter", name)
    }

    /// That an up-down-counter of this name has counted, observable or not.
    ///
    /// # Panics
    ///
    /// When none has.
    #[track_caller]
    pub fn assert_up_down_counter(&self, name: &str) -> MetricAssertion {
        MetricAssertion::new(self, "updowncounter", name)
    }

    /// That a gauge of this name has a value, observable or not.
    ///
    /// # Panics
    ///
    /// When none has.
    #[track_caller]
    pub fn assert_gauge(&self, name: &str) -> MetricAssertion {
        MetricAssertion::new(self, "gauge", name)
    }

    /// That a histogram of this name was given values.
    ///
    /// # Panics
    ///
    /// When none has.
    #[track_caller]
    pub fn assert_histogram(&self, name: &str) -> MetricAssertion {
        MetricAssertion::new(self, "histogram", name)
    }

    /// Lets `time` pass on the clock of [`TestBuilder::clock`](super::TestBuilder::clock). Without it nothing happens.
    pub fn advance_clock(&self, time: Duration) {
        self.0.advance(time);
    }

    /// The names of all spans, of those that have not ended too.
    pub(super) fn span_names(&self) -> HashMap<(TraceId, SpanId), Cow<'static, str>> {
        let mut names = self.0.open_spans();
        let ended = self.spans().into_iter().map(|SpanData { span_context, name, .. }| {
            ((span_context.trace_id(), span_context.span_id()), name)
        });
        names.extend(ended);
        names
    }
}

/// Everything, without colours.
impl fmt::Display for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let palette = Palette::new(false);
        let mut out = String::new();
        span_trees(&mut out, &self.spans(), palette);
        let mut open: Vec<_> = self.0.open_spans().into_values().collect();
        open.sort_unstable();
        for name in open {
            let _ = writeln!(out, "span {name:?} has not ended");
        }
        for LogEntry { record, scope } in self.logs() {
            Format::Text(palette).line(&mut out, &record, &scope);
        }
        self.0.metrics(|metrics| {
            let points = sorted_points(metrics);
            if !points.is_empty() {
                metrics_table(&mut out, &points, self.0.time(SystemTime::now()), palette);
            }
        });
        if out.is_empty() {
            out.push_str("nothing was recorded\n");
        }
        f.write_str(&out)
    }
}
