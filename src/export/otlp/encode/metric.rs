//! Metrics: `Metric`, with the data of each kind.

use std::ops::Range;

use opentelemetry_sdk::metrics::{
    Temporality,
    data::{AggregatedMetrics, Metric, MetricData},
};

use super::{
    data_point::{Number, write_exponential_histogram_point, write_histogram_point, write_number_point},
    requests::{Item, MessageNames},
    time::Times,
    writer::{Field, PartName, Writer},
};

const NAME: Field = Field::new(1, "name");
const DESCRIPTION: Field = Field::new(2, "description");
const UNIT: Field = Field::new(3, "unit");
const GAUGE: Field = Field::new(5, "gauge");
const SUM: Field = Field::new(7, "sum");
const HISTOGRAM: Field = Field::new(9, "histogram");
const EXPONENTIAL_HISTOGRAM: Field = Field::new(10, "exponentialHistogram");

/// The fields of the data of all kinds.
const DATA_POINTS: Field = Field::new(1, "dataPoints");
const TEMPORALITY: Field = Field::new(2, "aggregationTemporality");
const IS_MONOTONIC: Field = Field::new(3, "isMonotonic");

impl Item for Metric {
    const NAMES: MessageNames = MessageNames {
        resources: Field::new(1, "resourceMetrics"),
        scopes: Field::new(2, "scopeMetrics"),
        items: Field::new(2, "metrics"),
    };

    fn count(&self) -> usize {
        match self.data() {
            AggregatedMetrics::F64(data) => count(data),
            AggregatedMetrics::I64(data) => count(data),
            AggregatedMetrics::U64(data) => count(data),
        }
    }

    fn write<W: Writer>(&self, w: &mut W, points: Range<usize>, limit: usize) -> usize {
        w.string_if_any(NAME, self.name());
        w.part(PartName::Single("the description of the metric"));
        w.text_if_any(DESCRIPTION, self.description());
        w.string_if_any(UNIT, self.unit());
        match self.data() {
            AggregatedMetrics::F64(data) => write_data(w, data, points, limit),
            AggregatedMetrics::I64(data) => write_data(w, data, points, limit),
            AggregatedMetrics::U64(data) => write_data(w, data, points, limit),
        }
    }
}

fn count<T>(data: &MetricData<T>) -> usize {
    match data {
        MetricData::Gauge(data) => data.data_points().count(),
        MetricData::Sum(data) => data.data_points().count(),
        MetricData::Histogram(data) => data.data_points().count(),
        MetricData::ExponentialHistogram(data) => data.data_points().count(),
    }
}

fn write_data<T: Number, W: Writer>(
    w: &mut W,
    data: &MetricData<T>,
    points: Range<usize>,
    limit: usize,
) -> usize {
    match data {
        MetricData::Gauge(data) => {
            let times = Times::new(data.start_time(), data.time());
            let start = w.begin(GAUGE);
            let written = write_points(w, data.data_points(), points, limit, |w, point| {
                write_number_point(w, times, point.value(), point.attributes(), point.exemplars());
            });
            w.end(start);
            written
        }
        MetricData::Sum(data) => {
            let times = Times::new(Some(data.start_time()), data.time());
            let start = w.begin(SUM);
            w.uint32(TEMPORALITY, temporality_number(data.temporality()));
            if data.is_monotonic() {
                w.bool(IS_MONOTONIC, true);
            }
            let written = write_points(w, data.data_points(), points, limit, |w, point| {
                write_number_point(w, times, point.value(), point.attributes(), point.exemplars());
            });
            w.end(start);
            written
        }
        MetricData::Histogram(data) => {
            let times = Times::new(Some(data.start_time()), data.time());
            let start = w.begin(HISTOGRAM);
            w.uint32(TEMPORALITY, temporality_number(data.temporality()));
            let written = write_points(w, data.data_points(), points, limit, |w, point| {
                write_histogram_point(w, times, point);
            });
            w.end(start);
            written
        }
        MetricData::ExponentialHistogram(data) => {
            let times = Times::new(Some(data.start_time()), data.time());
            let start = w.begin(EXPONENTIAL_HISTOGRAM);
            w.uint32(TEMPORALITY, temporality_number(data.temporality()));
            let written = write_points(w, data.data_points(), points, limit, |w, point| {
                write_exponential_histogram_point(w, times, point);
            });
            w.end(start);
            written
        }
    }
}

/// Writes those of the data points that fit into `limit` bytes, but at least the first.
fn write_points<P, W: Writer>(
    w: &mut W,
    data_points: impl Iterator<Item = P>,
    points: Range<usize>,
    limit: usize,
    write: impl Fn(&mut W, P),
) -> usize {
    let mut written = 0;
    w.begin_list(DATA_POINTS);
    for point in data_points.skip(points.start).take(points.len()) {
        let before = w.len();
        let start = w.begin_element(DATA_POINTS);
        write(w, point);
        w.end(start);
        if written > 0 && w.len() > limit {
            w.truncate(before);
            break;
        }
        written += 1;
    }
    w.end_list();
    written
}

fn temporality_number(temporality: Temporality) -> u32 {
    match temporality {
        Temporality::Delta => 1,
        // The SDK resolves the preference `LowMemory` for each instrument.
        _ => 2,
    }
}
