//! The data points of an export, flat, as every output shows them.

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};

use super::{instrument_kind::MetricKind, number::Number};

/// One number, or one distribution, with all that identifies it.
pub(crate) struct Point<'m> {
    pub(crate) scope: &'m str,
    pub(crate) name: &'m str,
    pub(crate) unit: &'m str,
    pub(crate) kind: MetricKind,
    pub(crate) attributes: Vec<&'m KeyValue>,
    pub(crate) reading: Reading,
}

/// What an instrument has measured.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Reading {
    /// The value of a counter or a gauge.
    Number(Number),
    /// What a histogram knows of the values it was given.
    #[non_exhaustive]
    Distribution {
        /// How many they were.
        count: u64,
        /// What they add up to.
        sum: Number,
        /// The least of them.
        min: Option<Number>,
        /// The largest of them.
        max: Option<Number>,
    },
}

impl Reading {
    /// The number itself, or what the values add up to.
    #[must_use]
    pub fn sum(&self) -> Number {
        match self {
            Self::Number(sum) | Self::Distribution { sum, .. } => *sum,
        }
    }
}

/// All data points in an order that stays: sorted by meter, the instruments as they were made, sorted by attributes. The SDK
/// keeps meters and sets of attributes in an order that changes from run to run.
pub(crate) fn sorted_points(metrics: &ResourceMetrics) -> Vec<Point<'_>> {
    let mut points = points(metrics);
    points.sort_by(|one, other| one.scope.cmp(other.scope));
    let of_one_instrument =
        |one: &Point<'_>, other: &Point<'_>| (one.scope, one.name) == (other.scope, other.name);
    for points in points.chunk_by_mut(of_one_instrument) {
        points.sort_by_cached_key(|point| format!("{:?}", point.attributes));
    }
    points
}

fn points(metrics: &ResourceMetrics) -> Vec<Point<'_>> {
    let mut points = Vec::new();
    for scope in metrics.scope_metrics() {
        for metric in scope.metrics() {
            let point = |kind, attributes, reading| Point {
                scope: scope.scope().name(),
                name: metric.name(),
                unit: metric.unit(),
                kind,
                attributes,
                reading,
            };
            match metric.data() {
                AggregatedMetrics::F64(data) => points.extend(readings(data).map(|(k, a, r)| point(k, a, r))),
                AggregatedMetrics::U64(data) => points.extend(readings(data).map(|(k, a, r)| point(k, a, r))),
                AggregatedMetrics::I64(data) => points.extend(readings(data).map(|(k, a, r)| point(k, a, r))),
            }
        }
    }
    points
}

/// How many data points an export holds.
pub(crate) fn count_points(metrics: &ResourceMetrics) -> u64 {
    points(metrics).len() as u64
}

fn readings<T: Copy + Into<Number>>(
    data: &MetricData<T>,
) -> impl Iterator<Item = (MetricKind, Vec<&KeyValue>, Reading)> {
    let readings: Vec<_> = match data {
        MetricData::Gauge(gauge) => gauge
            .data_points()
            .map(|point| {
                (MetricKind::Gauge, point.attributes().collect(), Reading::Number(point.value().into()))
            })
            .collect(),
        MetricData::Sum(sum) => sum
            .data_points()
            .map(|point| {
                let kind = if sum.is_monotonic() { MetricKind::Counter } else { MetricKind::UpDownCounter };
                (kind, point.attributes().collect(), Reading::Number(point.value().into()))
            })
            .collect(),
        MetricData::Histogram(histogram) => histogram
            .data_points()
            .map(|point| {
                let (min, max) = (point.min().map(Into::into), point.max().map(Into::into));
                let reading =
                    Reading::Distribution { count: point.count(), sum: point.sum().into(), min, max };
                (MetricKind::Histogram, point.attributes().collect(), reading)
            })
            .collect(),
        MetricData::ExponentialHistogram(histogram) => histogram
            .data_points()
            .map(|point| {
                let (min, max) = (point.min().map(Into::into), point.max().map(Into::into));
                let reading =
                    Reading::Distribution { count: point.count() as u64, sum: point.sum().into(), min, max };
                (MetricKind::Histogram, point.attributes().collect(), reading)
            })
            .collect(),
    };
    readings.into_iter()
}
