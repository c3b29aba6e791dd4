//! The data points of an export, flat, as every output shows them.

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};

/// One number, or one distribution, with all that identifies it.
pub(super) struct Point<'m> {
    pub(super) scope: &'m str,
    pub(super) name: &'m str,
    pub(super) unit: &'m str,
    pub(super) kind: &'static str,
    pub(super) attributes: Vec<&'m KeyValue>,
    pub(super) reading: Reading,
}

pub(super) enum Reading {
    Number(Number),
    Distribution { count: u64, sum: Number, min: Option<Number>, max: Option<Number> },
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self::Unsigned(number)
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Self::Signed(number)
    }
}

impl From<f64> for Number {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

/// All data points, in the order of their scopes and instruments.
pub(super) fn points(metrics: &ResourceMetrics) -> Vec<Point<'_>> {
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
) -> impl Iterator<Item = (&'static str, Vec<&KeyValue>, Reading)> {
    let readings: Vec<_> = match data {
        MetricData::Gauge(gauge) => gauge
            .data_points()
            .map(|point| ("gauge", point.attributes().collect(), Reading::Number(point.value().into())))
            .collect(),
        MetricData::Sum(sum) => sum
            .data_points()
            .map(|point| {
                let kind = if sum.is_monotonic() { "counter" } else { "updowncounter" };
                (kind, point.attributes().collect(), Reading::Number(point.value().into()))
            })
            .collect(),
        MetricData::Histogram(histogram) => histogram
            .data_points()
            .map(|point| {
                let (min, max) = (point.min().map(Into::into), point.max().map(Into::into));
                let reading =
                    Reading::Distribution { count: point.count(), sum: point.sum().into(), min, max };
                ("histogram", point.attributes().collect(), reading)
            })
            .collect(),
        MetricData::ExponentialHistogram(histogram) => histogram
            .data_points()
            .map(|point| {
                let (min, max) = (point.min().map(Into::into), point.max().map(Into::into));
                let reading =
                    Reading::Distribution { count: point.count() as u64, sum: point.sum().into(), min, max };
                ("histogram", point.attributes().collect(), reading)
            })
            .collect(),
    };
    readings.into_iter()
}
