//! The data points of an export as a flat list.

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};

use super::{instrument_kind::InstrumentKind, metric_value::MetricValue, number_value::NumberValue};

/// A data point of an export, with everything that identifies it.
pub(crate) struct DataPointRef<'m> {
    pub(crate) scope: &'m str,
    pub(crate) name: &'m str,
    pub(crate) unit: &'m str,
    pub(crate) kind: InstrumentKind,
    pub(crate) attributes: Vec<&'m KeyValue>,
    pub(crate) value: MetricValue,
}

/// Returns all data points in a stable order: by meter, instrument and attributes.
///
/// Instruments keep the order of their creation. The SDK keeps meters and attribute sets in an
/// order that changes from run to run.
pub(crate) fn sorted_data_points(metrics: &ResourceMetrics) -> Vec<DataPointRef<'_>> {
    let mut points = data_points(metrics);
    points.sort_by(|one, other| one.scope.cmp(other.scope));
    let is_same_instrument =
        |one: &DataPointRef<'_>, other: &DataPointRef<'_>| (one.scope, one.name) == (other.scope, other.name);
    for points in points.chunk_by_mut(is_same_instrument) {
        points.sort_by_cached_key(|point| format!("{:?}", point.attributes));
    }
    points
}

fn data_points(metrics: &ResourceMetrics) -> Vec<DataPointRef<'_>> {
    let mut points = Vec::new();
    for scope in metrics.scope_metrics() {
        for metric in scope.metrics() {
            let point = |(kind, attributes, value)| DataPointRef {
                scope: scope.scope().name(),
                name: metric.name(),
                unit: metric.unit(),
                kind,
                attributes,
                value,
            };
            match metric.data() {
                AggregatedMetrics::F64(data) => points.extend(values(data).into_iter().map(point)),
                AggregatedMetrics::U64(data) => points.extend(values(data).into_iter().map(point)),
                AggregatedMetrics::I64(data) => points.extend(values(data).into_iter().map(point)),
            }
        }
    }
    points
}

type Values<'m> = Vec<(InstrumentKind, Vec<&'m KeyValue>, MetricValue)>;

fn values<T: Copy + Into<NumberValue>>(data: &MetricData<T>) -> Values<'_> {
    let scalar = |number: T| MetricValue::Scalar(number.into());
    let histogram = |count, sum: T, min: Option<T>, max: Option<T>| MetricValue::Histogram {
        count,
        sum: sum.into(),
        min: min.map(Into::into),
        max: max.map(Into::into),
    };
    match data {
        MetricData::Gauge(gauge) => gauge
            .data_points()
            .map(|point| (InstrumentKind::Gauge, point.attributes().collect(), scalar(point.value())))
            .collect(),
        MetricData::Sum(sum) => {
            let kind =
                if sum.is_monotonic() { InstrumentKind::Counter } else { InstrumentKind::UpDownCounter };
            sum.data_points()
                .map(|point| (kind, point.attributes().collect(), scalar(point.value())))
                .collect()
        }
        MetricData::Histogram(data) => data
            .data_points()
            .map(|point| {
                let value = histogram(point.count(), point.sum(), point.min(), point.max());
                (InstrumentKind::Histogram, point.attributes().collect(), value)
            })
            .collect(),
        MetricData::ExponentialHistogram(data) => data
            .data_points()
            .map(|point| {
                let value = histogram(point.count() as u64, point.sum(), point.min(), point.max());
                (InstrumentKind::Histogram, point.attributes().collect(), value)
            })
            .collect(),
    }
}
