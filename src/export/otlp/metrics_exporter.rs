//! The exporter of metrics.

use std::sync::mpsc;

use opentelemetry_sdk::{error::OTelSdkResult, metrics::data::ResourceMetrics};

use super::{
    delta::DeltaState,
    encode::{ItemScope, MetricItem},
    exporter::OtlpExporter,
};

/// Exports metrics to one destination.
#[derive(Debug)]
pub(crate) struct OtlpMetricsExporter {
    exporter: OtlpExporter,
    /// Makes differences of cumulative metrics.
    delta: Option<DeltaState>,
}

impl OtlpMetricsExporter {
    /// `to_delta`: the metrics are cumulative, and the destination receives their differences.
    pub(crate) fn new(exporter: OtlpExporter, to_delta: bool) -> Self {
        Self { exporter, delta: to_delta.then(DeltaState::default) }
    }

    /// Starts to export metrics. The result arrives in the channel, which disconnects without one
    /// if the runtime stops.
    pub(crate) fn send(&mut self, metrics: &ResourceMetrics) -> mpsc::Receiver<OTelSdkResult> {
        let items = match &mut self.delta {
            Some(delta) => delta.advance(metrics),
            None => unchanged(metrics),
        };
        self.exporter.send_metrics(metrics.resource(), &items)
    }
}

fn unchanged(metrics: &ResourceMetrics) -> Vec<(ItemScope<'_>, MetricItem<'_>)> {
    let of_scopes = metrics.scope_metrics().map(|scope| {
        let metrics = scope.metrics().map(|metric| MetricItem { metric, changes: None });
        metrics.map(|metric| (ItemScope::new(None, scope.scope()), metric))
    });
    of_scopes.flatten().collect()
}
