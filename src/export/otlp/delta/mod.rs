//! The changes of cumulative metrics since the previous export to one destination.
//!
//! Prometheus needs sums since the start of the process. A destination that needs the differences
//! gets them from the same collection, by subtraction. See the specification, "Metrics Data Model",
//! section "Temporality".

mod attribute_hash;
mod baseline;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, time::SystemTime};

use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData, ResourceMetrics};

use self::{
    attribute_hash::{AttributeHash, AttributeHasher},
    baseline::{Baseline, Total},
};
use super::encode::{Changes, ItemScope, MetricItem, Number, PointChange};

/// The number of collections after which a data point that does not occur is forgotten. A callback
/// that misses a few collections reports no value twice.
const KEPT: u64 = 10;

/// The values of the previous export.
#[derive(Debug, Default)]
pub(crate) struct DeltaState {
    hasher: AttributeHasher,
    collection: u64,
    metrics: HashMap<MetricKey, MetricState>,
}

/// The identity of a metric.
#[derive(Debug, PartialEq, Eq, Hash)]
struct MetricKey {
    scope: InstrumentationScope,
    name: String,
    unit: String,
    description: String,
    kind: (u8, u8),
}

#[derive(Debug)]
struct MetricState {
    time: SystemTime,
    points: HashMap<AttributeHash, PointState>,
}

#[derive(Debug)]
struct PointState {
    baseline: Baseline,
    /// The last collection with this data point.
    seen: u64,
}

impl DeltaState {
    /// Returns the metrics to export: sums that only increase, and histograms, as their changes.
    pub(crate) fn advance<'m>(
        &mut self,
        metrics: &'m ResourceMetrics,
    ) -> Vec<(ItemScope<'m>, MetricItem<'m>)> {
        self.collection += 1;
        let mut items = Vec::new();
        for scope in metrics.scope_metrics() {
            for metric in scope.metrics() {
                let changes = match metric.data() {
                    AggregatedMetrics::F64(data) => self.changes(scope.scope(), metric, data, 0),
                    AggregatedMetrics::I64(data) => self.changes(scope.scope(), metric, data, 1),
                    AggregatedMetrics::U64(data) => self.changes(scope.scope(), metric, data, 2),
                };
                items.push((ItemScope::new(None, scope.scope()), MetricItem { metric, changes }));
            }
        }
        let collection = self.collection;
        self.metrics.retain(|_, state| {
            state.points.retain(|_, point| collection - point.seen <= KEPT);
            !state.points.is_empty()
        });
        items
    }

    /// Returns `None` for a metric that is not reported as changes.
    fn changes<T: Number + Into<Total>>(
        &mut self,
        scope: &InstrumentationScope,
        metric: &Metric,
        data: &MetricData<T>,
        number: u8,
    ) -> Option<Changes> {
        let (kind, start, time) = match data {
            MetricData::Gauge(_) => return None,
            // Up-down counters are always cumulative.
            MetricData::Sum(data) if !data.is_monotonic() => return None,
            MetricData::Sum(data) => (0, data.start_time(), data.time()),
            MetricData::Histogram(data) => (1, data.start_time(), data.time()),
            MetricData::ExponentialHistogram(data) => (2, data.start_time(), data.time()),
        };
        let key = MetricKey {
            scope: scope.clone(),
            name: metric.name().to_owned(),
            unit: metric.unit().to_owned(),
            description: metric.description().to_owned(),
            kind: (kind, number),
        };
        let new = || MetricState { time: start, points: HashMap::new() };
        let state = self.metrics.entry(key).or_insert_with(new);
        let mut advance =
            PointAdvance { points: &mut state.points, hasher: &self.hasher, collection: self.collection };
        let points = match data {
            MetricData::Gauge(_) => Vec::new(),
            MetricData::Sum(data) => data
                .data_points()
                .map(|point| advance.change(point.attributes(), || Baseline::Number(point.value().into())))
                .collect(),
            MetricData::Histogram(data) => data
                .data_points()
                .map(|point| advance.change(point.attributes(), || Baseline::histogram(point)))
                .collect(),
            MetricData::ExponentialHistogram(data) => data
                .data_points()
                .map(|point| advance.change(point.attributes(), || Baseline::exponential(point)))
                .collect(),
        };
        Some(Changes { start: std::mem::replace(&mut state.time, time), points })
    }
}

/// Replaces the values of the data points of one metric.
struct PointAdvance<'s> {
    points: &'s mut HashMap<AttributeHash, PointState>,
    hasher: &'s AttributeHasher,
    collection: u64,
}

impl PointAdvance<'_> {
    fn change<'a>(
        &mut self,
        attributes: impl Iterator<Item = &'a KeyValue>,
        current: impl FnOnce() -> Baseline,
    ) -> Option<PointChange> {
        let current = current();
        let state = PointState { baseline: current, seen: self.collection };
        let hash = self.hasher.hash(attributes);
        let before = self.points.remove(&hash);
        let change = state.baseline.change_since(before.as_ref().map(|state| &state.baseline));
        self.points.insert(hash, state);
        change
    }
}
