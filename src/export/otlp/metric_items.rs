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
    /// The number of the last collection.
    last: u64,
}

impl MetricItems {
    /// `to_delta`: the metrics are cumulative, and the destination receives their differences.
    pub(crate) fn new(to_delta: bool) -> Self {
        Self { delta: to_delta.then(DeltaState::default), last: 0 }
    }

    /// Returns the metrics of collection `number`. Returns `None` for an older one than the last
    /// whose differences the destination has received: these contain its values. Around a reload,
    /// two threads push to one destination.
    pub(crate) fn of<'m>(
        &mut self,
        metrics: &'m ResourceMetrics,
        number: u64,
    ) -> Option<Vec<(ItemScope<'m>, MetricItem<'m>)>> {
        if let Some(delta) = &mut self.delta {
            if number < self.last {
                return None;
            }
            self.last = number;
            return Some(delta.advance(metrics));
        }
        let of_scopes = metrics.scope_metrics().map(|scope| {
            let metrics = scope.metrics().map(|metric| MetricItem { metric, changes: None });
            metrics.map(|metric| (ItemScope::new(None, scope.scope()), metric))
        });
        Some(of_scopes.flatten().collect())
    }
}
