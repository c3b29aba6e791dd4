//! The batching and the interval of single destinations.

use std::time::Duration;

use super::{
    Config,
    batch::{LogBatch, SpanBatch},
    exporter_name::ExporterName,
    signal::Signal,
};

impl Config {
    /// Returns the batching of spans for one exporter.
    #[must_use]
    pub(crate) fn span_batch(&self, exporter: &ExporterName) -> SpanBatch {
        let batch = &self.traces.batch;
        let own = self.otlp_table(exporter).map(|otlp| &otlp.traces.batch);
        own.map_or_else(|| batch.clone(), |own| batch.for_destination(own))
    }

    /// Returns the batching of log records for one exporter.
    #[must_use]
    pub(crate) fn log_batch(&self, exporter: &ExporterName) -> LogBatch {
        let batch = &self.logs.batch;
        let own = self.otlp_table(exporter).map(|otlp| &otlp.logs.batch);
        own.map_or_else(|| batch.clone(), |own| batch.for_destination(own))
    }

    /// Returns the time between two exports of metrics to one exporter.
    #[must_use]
    pub(crate) fn metric_interval(&self, exporter: &ExporterName) -> Duration {
        let own = self.otlp_table(exporter).and_then(|otlp| otlp.metrics.interval);
        own.unwrap_or(self.metrics.interval).get()
    }

    /// Returns the key of an interval that applies to one exporter only, if it is set.
    pub(super) fn interval_key(&self, exporter: &ExporterName) -> Option<String> {
        self.otlp_table(exporter)?.metrics.interval?;
        Some(format!("{}.metrics.interval", exporter.otlp_table_name()?))
    }

    /// Returns whether exporters of metrics have different intervals.
    #[must_use]
    pub(crate) fn has_different_intervals(&self) -> bool {
        let exporters = self.exporters(Signal::Metrics).iter();
        let mut pushed = exporters.filter(|exporter| **exporter != ExporterName::Prometheus);
        pushed.next().is_some_and(|first| {
            let interval = self.metric_interval(first);
            pushed.any(|exporter| self.metric_interval(exporter) != interval)
        })
    }
}
