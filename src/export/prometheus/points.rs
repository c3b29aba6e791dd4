//! The data points of a metric, independent of the type of their numbers.

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData};

use super::{buckets::Buckets, exponential::ExponentialHistogram, number::Number};

/// The value of a data point.
#[derive(Debug)]
pub(super) enum PointValue<'p> {
    Number(Number),
    Histogram(&'p Buckets),
    Exponential(&'p ExponentialHistogram),
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
    let mut attributes = Attributes(Vec::new());
    let mut buckets = Buckets::default();
    match data {
        MetricData::Gauge(gauge) => {
            for point in gauge.data_points() {
                visit(attributes.of(point.attributes()), PointValue::Number(point.value().into()));
            }
        }
        MetricData::Sum(sum) => {
            for point in sum.data_points() {
                visit(attributes.of(point.attributes()), PointValue::Number(point.value().into()));
            }
        }
        MetricData::Histogram(histogram) => {
            for point in histogram.data_points() {
                buckets.read_explicit(point);
                visit(attributes.of(point.attributes()), PointValue::Histogram(&buckets));
            }
        }
        MetricData::ExponentialHistogram(histogram) => {
            for point in histogram.data_points() {
                let histogram = ExponentialHistogram::new(point);
                visit(attributes.of(point.attributes()), PointValue::Exponential(&histogram));
            }
        }
    }
}

/// The attributes of one data point, in memory that all points of a metric share.
struct Attributes<'m>(Vec<&'m KeyValue>);

impl<'m> Attributes<'m> {
    fn of(&mut self, point: impl Iterator<Item = &'m KeyValue>) -> &[&'m KeyValue] {
        self.0.clear();
        self.0.extend(point);
        &self.0
    }
}
