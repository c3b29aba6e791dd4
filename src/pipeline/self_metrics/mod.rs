//! Metrics about the pipeline itself, by the semantic conventions ("OpenTelemetry SDK metrics").
//!
//! Nearly all are read from the statistics when metrics are collected, so that they cost nothing in
//! between.

mod component;
mod counters;
mod instruments;
mod measured_exporter;
mod sampler;

use std::sync::Arc;

use opentelemetry::metrics::Meter;

use self::measured_exporter::MeasuredExporter;
pub(crate) use self::{component::Component, counters::Counters, sampler::CountingSampler};
use crate::{
    config::Signal,
    export::{
        otlp::{DurationHistogram, DurationRecorder},
        queue::QueueMonitor,
        stats::recorder::StatsRecorder,
    },
};

/// The sources of the metrics, collected while the pipeline is built.
#[derive(Debug, Default)]
pub(crate) struct SelfMetrics {
    counters: Arc<Counters>,
    durations: DurationHistogram,
    exporters: Vec<MeasuredExporter>,
}

impl SelfMetrics {
    pub(crate) fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Returns the recorder of the durations of `exporter`.
    pub(crate) fn durations(&self, exporter: &Component) -> Arc<DurationRecorder> {
        Arc::new(DurationRecorder::new(self.durations.clone(), exporter.attributes()))
    }

    pub(crate) fn add_exporter(&mut self, recorder: Arc<StatsRecorder>, exporter: &Component) {
        self.exporters.push(MeasuredExporter::new(recorder, exporter.attributes()));
    }

    /// Adds the queue in front of an exporter that was added before.
    pub(crate) fn add_queue(&mut self, queue: &Arc<dyn QueueMonitor>, processor: &Component) {
        let exporter = self.exporters.iter_mut().find(|exporter| exporter.is_counted_by(queue.stats()));
        if let Some(exporter) = exporter {
            exporter.set_queue(Arc::clone(queue), processor.attributes());
        }
    }

    /// Creates the instruments.
    pub(crate) fn register(self, meter: &Meter) {
        self.durations.init(meter);
        let mut exporters = self.exporters;
        for signal in Signal::ALL {
            let of_signal: Arc<[_]> =
                exporters.extract_if(.., |exporter| exporter.signal() == signal).collect();
            instruments::register_exporters(meter, signal, &of_signal);
        }
        instruments::register_counters(meter, &self.counters);
    }
}
