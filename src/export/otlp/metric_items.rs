//! The metrics of a collection, as one destination receives them.

use opentelemetry_sdk::metrics::data::ResourceMetrics;

use super::{
    delta::DeltaState,
    encode::{ItemScope, MetricItem},
};

/// Prepares collected metrics for one destination.
#[derive(Debug)]
pub(crate) struct MetricItems {
    /// Makes differences of cumulative metrics.
    delta: Option<DeltaState>,
}

impl MetricItems {
    /// `to_delta`: the metrics are cumulative, and the destination receives their differences.
    pub(crate) fn new(to_delta: bool) -> Self {
        Self { delta: to_delta.then(DeltaState::default) }
    }

    /// Returns the metrics of the next collection.
    pub(crate) fn of<'m>(&mut self, metrics: &'m ResourceMetrics) -> Vec<(ItemScope<'m>, MetricItem<'m>)> {
        if let Some(delta) = &mut self.delta {
            return delta.advance(metrics);
        }
        let of_scopes = metrics.scope_metrics().map(|scope| {
            let metrics = scope.metrics().map(|metric| MetricItem { metric, changes: None });
            metrics.map(|metric| (ItemScope::new(None, scope.scope()), metric))
        });
        of_scopes.flatten().collect()
    }
}
