//! Access to everything that was captured.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
    sync::Arc,
    time::SystemTime,
};

use opentelemetry_sdk::trace::SpanData;

use super::{captured_log::CapturedLog, data_point::DataPoint};
use crate::{
    export::{
        console::{push_metric_table, push_span_trees, sorted_data_points},
        memory::{Memory, SpanNames},
    },
    format::{LineFormat, Palette},
};

/// Access to everything that was captured, for assertions and for the message of a failed one.
#[derive(Debug, Clone)]
pub(super) struct Recording(Arc<Memory>);

impl Recording {
    pub(super) fn new(memory: Arc<Memory>) -> Self {
        Self(memory)
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.0
    }

    pub(super) fn spans(&self) -> Vec<SpanData> {
        self.0.spans()
    }

    /// Returns the names of all spans, ended or not, by their ids.
    pub(super) fn span_names(&self) -> SpanNames {
        self.0.span_names()
    }

    /// Returns the names of the spans that have not ended.
    pub(super) fn open_span_names(&self) -> Vec<Cow<'static, str>> {
        self.0.open_names()
    }

    pub(super) fn logs(&self) -> Vec<CapturedLog> {
        self.0.logs().into_iter().map(|(record, scope)| CapturedLog::new(record, scope)).collect()
    }

    pub(super) fn metrics(&self) -> Vec<DataPoint> {
        self.0.metrics(|metrics| sorted_data_points(metrics).iter().map(DataPoint::from).collect())
    }
}

/// The maximum number of spans and of log records that are displayed.
const MAX_DISPLAYED: usize = 100;

/// Returns the last items, and appends a line about the ones before.
fn last_items<'a, T>(out: &mut String, items: &'a [T], noun: &str) -> &'a [T] {
    let before = items.len().saturating_sub(MAX_DISPLAYED);
    if before > 0 {
        let _ = writeln!(out, "… {before} {noun} before these");
    }
    &items[before..]
}

/// Writes the last spans and log records and all metrics, as the console would without colors.
impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let palette = Palette::new(false);
        let mut out = String::new();
        let (spans, logs) = (self.spans(), self.logs());
        let spans = last_items(&mut out, &spans, "spans");
        push_span_trees(&mut out, spans, palette);
        for name in last_items(&mut out, &self.open_span_names(), "spans that have not ended") {
            let _ = writeln!(out, "span {name:?} has not ended");
        }
        for log in last_items(&mut out, &logs, "log records") {
            LineFormat::Text(palette).push_record(&mut out, log.record(), log.scope());
        }
        self.0.metrics(|metrics| {
            let points = sorted_data_points(metrics);
            if !points.is_empty() {
                push_metric_table(&mut out, &points, self.0.time(SystemTime::now()), palette);
            }
        });
        if out.is_empty() {
            out.push_str("nothing was recorded\n");
        }
        f.write_str(&out)
    }
}
