//! The data points of a metric, independent of the type of their numbers.

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData};

use super::{buckets::Buckets, number::Number};

/// The value of a data point.
#[derive(Debug)]
pub(super) enum PointValue<'p> {
    Number(Number),
    Histogram(&'p Buckets),
}

/// Calls `visit` with the attributes and the value of each data point.
pub(super) fn for_each_point<'m>(metric: &'m Metric, visit: impl FnMut(&[&'m KeyValue], PointValue<'_>)) {
    match metric.data() {
        AggregatedMetrics::F64(data) => for_each(data, visit),
        AggregatedMetrics::U64(data) => for_each(data, visit),
        AggregatedMetrics::I64(data) => for_each(data, visit),
    }
}

fn for_each<'m, T: Copy + Into<Number>>(
    data: &'m MetricData<T>,
    mut visit: impl FnMut(&[&'m KeyValue], PointValue<'_>),
) {
    let mut attributes: Vec<&KeyValue> = Vec::new();
    let mut buckets = Buckets::default();
    match data {
        MetricData::Gauge(gauge) => {
            for point in gauge.data_points() {
                attributes.clear();
                attributes.extend(point.attributes());
                visit(&attributes, PointValue::Number(point.value().into()));
            }
        }
        MetricData::Sum(sum) => {
            for point in sum.data_points() {
                attributes.clear();
                attributes.extend(point.attributes());
                visit(&attributes, PointValue::Number(point.value().into()));
            }
        }
        MetricData::Histogram(histogram) => {
            for point in histogram.data_points() {
                attributes.clear();
                attributes.extend(point.attributes());
                buckets.read_explicit(point);
                visit(&attributes, PointValue::Histogram(&buckets));
            }
        }
        MetricData::ExponentialHistogram(histogram) => {
            for point in histogram.data_points() {
                attributes.clear();
                attributes.extend(point.attributes());
                buckets.read_exponential(point);
                visit(&attributes, PointValue::Histogram(&buckets));
            }
        }
    }
}
