//! The data points of an export, flat, as every output shows them.

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};

use super::{instrument_kind::InstrumentKind, number::NumberValue};

/// One number, or one distribution, with all that identifies it.
pub(crate) struct Point<'m> {
    pub(crate) scope: &'m str,
    pub(crate) name: &'m str,
    pub(crate) unit: &'m str,
    pub(crate) kind: InstrumentKind,
    pub(crate) attributes: Vec<&'m KeyValue>,
    pub(crate) value: MetricValue,
}

/// What an instrument has measured.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum MetricValue {
    /// The value of a counter or a gauge.
    Scalar(NumberValue),
    /// What a histogram knows of the values it was given.
    #[non_exhaustive]
    Histogram {
        /// How many they were.
        count: u64,
        /// What they add up to.
        sum: NumberValue,
        /// The least of them.
        min: Option<NumberValue>,
        /// The largest of them.
        max: Option<NumberValue>,
    },
}

impl MetricValue {
    /// The number itself, or what the values add up to.
    #[must_use]
    pub fn sum(&self) -> NumberValue {
        match self {
            Self::Scalar(sum) | Self::Histogram { sum, .. } => *sum,
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
            let point = |kind, attributes, value| Point {
                scope: scope.scope().name(),
                name: metric.name(),
                unit: metric.unit(),
                kind,
                attributes,
                value,
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

fn readings<T: Copy + Into<NumberValue>>(
    data: &MetricData<T>,
) -> impl Iterator<Item = (InstrumentKind, Vec<&KeyValue>, MetricValue)> {
    let readings: Vec<_> = match data {
        MetricData::Gauge(gauge) => gauge
            .data_points()
            .map(|point| {
                (
                    InstrumentKind::Gauge,
                    point.attributes().collect(),
                    MetricValue::Scalar(point.value().into()),
                )
            })
            .collect(),
        MetricData::Sum(sum) => sum
            .data_points()
            .map(|point| {
                let kind =
                    if sum.is_monotonic() { InstrumentKind::Counter } else { InstrumentKind::UpDownCounter };
                (kind, point.attributes().collect(), MetricValue::Scalar(point.value().into()))
            })
            .collect(),
        MetricData::Histogram(histogram) => histogram
            .data_points()
            .map(|point| {
                let (min, max) = (point.min().map(Into::into), point.max().map(Into::into));
                let value =
                    MetricValue::Histogram { count: point.count(), sum: point.sum().into(), min, max };
                (InstrumentKind::Histogram, point.attributes().collect(), value)
            })
            .collect(),
        MetricData::ExponentialHistogram(histogram) => histogram
            .data_points()
            .map(|point| {
                let (min, max) = (point.min().map(Into::into), point.max().map(Into::into));
                let value =
                    MetricValue::Histogram { count: point.count() as u64, sum: point.sum().into(), min, max };
                (InstrumentKind::Histogram, point.attributes().collect(), value)
            })
            .collect(),
    };
    readings.into_iter()
}
