//! Metrics about the pipeline itself, by the semantic conventions ("OpenTelemetry SDK metrics").
//!
//! Nearly all are read from the statistics when metrics are collected, so that they cost nothing in
//! between.

mod component;
mod counters;
mod instruments;
mod measured_exporter;
mod reload_counts;
mod sampler;

use std::sync::Arc;

use arc_swap::ArcSwap;
use opentelemetry::metrics::Meter;

use self::measured_exporter::MeasuredExporter;
pub(crate) use self::{
    component::Component, counters::Counters, reload_counts::ReloadCounts, sampler::CountingSampler,
};
use crate::{
    config::Signal,
    export::{
        otlp::{DurationHistogram, DurationRecorder},
        queue::QueueMonitor,
        stats::recorder::StatsRecorder,
    },
};

/// The sources of the metrics.
#[derive(Debug, Default)]
pub(crate) struct SelfMetrics {
    counters: Arc<Counters>,
    durations: DurationHistogram,
    exporters: Arc<ArcSwap<MeasuredExporters>>,
    reloads: Arc<ReloadCounts>,
}

/// The exporters of all signals.
#[derive(Debug, Clone, Default)]
pub(crate) struct MeasuredExporters(Vec<MeasuredExporter>);

impl SelfMetrics {
    pub(crate) fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Returns the recorder of the durations of `exporter`.
    pub(crate) fn durations(&self, exporter: &Component) -> Arc<DurationRecorder> {
        Arc::new(DurationRecorder::new(self.durations.clone(), exporter.attributes()))
    }

    pub(crate) fn reloads(&self) -> &ReloadCounts {
        &self.reloads
    }

    /// Replaces the exporters. The counts of those that a reload has removed stay.
    pub(crate) fn set_exporters(&self, mut exporters: MeasuredExporters) {
        let previous = self.exporters.load_full();
        let is_known = |known: &[MeasuredExporter], other: &MeasuredExporter| {
            known.iter().any(|exporter| exporter.is_counted_by(other.stats()))
        };
        let removed = previous.0.iter().filter(|other| !is_known(&exporters.0, other)).cloned();
        let removed: Vec<_> = removed.collect();
        exporters.0.extend(removed);
        self.exporters.store(Arc::new(exporters));
    }

    /// Creates the instruments.
    pub(crate) fn register(&self, meter: &Meter) {
        self.durations.init(meter);
        for signal in Signal::ALL {
            instruments::register_exporters(meter, signal, &self.exporters);
        }
        instruments::register_counters(meter, &self.counters);
        self.reloads.register(meter);
    }
}

impl MeasuredExporters {
    pub(crate) fn add(&mut self, recorder: Arc<StatsRecorder>, exporter: &Component) {
        self.0.push(MeasuredExporter::new(recorder, exporter.attributes()));
    }

    /// Adds the queue in front of an exporter that was added before.
    pub(crate) fn add_queue(&mut self, queue: &Arc<dyn QueueMonitor>, processor: &Component) {
        let exporter = self.0.iter_mut().find(|exporter| exporter.is_counted_by(queue.stats()));
        if let Some(exporter) = exporter {
            exporter.set_queue(Arc::clone(queue), processor.attributes());
        }
    }

    fn of(&self, signal: Signal) -> impl Iterator<Item = &MeasuredExporter> {
        self.0.iter().filter(move |exporter| exporter.signal() == signal)
    }
}
