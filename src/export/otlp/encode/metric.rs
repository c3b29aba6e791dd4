//! Metrics: `Metric`, with the data of each kind.

use std::ops::Range;

use opentelemetry_sdk::metrics::{
    Temporality,
    data::{AggregatedMetrics, Metric, MetricData},
};

use super::{
    change::{Changes, PointChange},
    data_point::{write_exponential_histogram_point, write_histogram_point, write_number_point},
    number::Number,
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

/// A metric as it is, or as the changes since an earlier collection.
#[derive(Debug)]
pub(crate) struct MetricItem<'m> {
    pub(crate) metric: &'m Metric,
    pub(crate) changes: Option<Changes>,
}

const NAMES: MessageNames = MessageNames {
    resources: Field::new(1, "resourceMetrics"),
    scopes: Field::new(2, "scopeMetrics"),
    items: Field::new(2, "metrics"),
};

impl Item for Metric {
    const NAMES: MessageNames = NAMES;

    fn count(&self) -> usize {
        match self.data() {
            AggregatedMetrics::F64(data) => count(data),
            AggregatedMetrics::I64(data) => count(data),
            AggregatedMetrics::U64(data) => count(data),
        }
    }

    fn write<W: Writer>(&self, w: &mut W, points: Range<usize>, limit: usize) -> usize {
        write_metric(w, self, None, points, limit)
    }
}

impl Item for MetricItem<'_> {
    const NAMES: MessageNames = NAMES;

    fn count(&self) -> usize {
        self.changes.as_ref().map_or_else(|| self.metric.count(), Changes::count)
    }

    fn write<W: Writer>(&self, w: &mut W, points: Range<usize>, limit: usize) -> usize {
        write_metric(w, self.metric, self.changes.as_ref(), points, limit)
    }
}

fn write_metric<W: Writer>(
    w: &mut W,
    metric: &Metric,
    changes: Option<&Changes>,
    points: Range<usize>,
    limit: usize,
) -> usize {
    w.string_if_any(NAME, metric.name());
    w.part(PartName::Single("the description of the metric"));
    w.text_if_any(DESCRIPTION, metric.description());
    w.string_if_any(UNIT, metric.unit());
    match metric.data() {
        AggregatedMetrics::F64(data) => write_data(w, data, changes, points, limit),
        AggregatedMetrics::I64(data) => write_data(w, data, changes, points, limit),
        AggregatedMetrics::U64(data) => write_data(w, data, changes, points, limit),
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
    changes: Option<&Changes>,
    points: Range<usize>,
    limit: usize,
) -> usize {
    let times = |start, end| Times::new(Some(changes.map_or(start, |changes| changes.start)), end);
    let temporality = |of_data| temporality_number(changes.map_or(of_data, |_| Temporality::Delta));
    match data {
        MetricData::Gauge(data) => {
            let times = Times::new(data.start_time(), data.time());
            let start = w.begin(GAUGE);
            let written = write_points(w, data.data_points(), changes, points, limit, |w, point, _| {
                let value = point.value().to_wire();
                write_number_point(w, times, value, point.attributes(), point.exemplars());
            });
            w.end(start);
            written
        }
        MetricData::Sum(data) => {
            let times = times(data.start_time(), data.time());
            let start = w.begin(SUM);
            w.uint32(TEMPORALITY, temporality(data.temporality()));
            if data.is_monotonic() {
                w.bool(IS_MONOTONIC, true);
            }
            let written = write_points(w, data.data_points(), changes, points, limit, |w, point, change| {
                let value = change.and_then(PointChange::number).unwrap_or_else(|| point.value().to_wire());
                write_number_point(w, times, value, point.attributes(), point.exemplars());
            });
            w.end(start);
            written
        }
        MetricData::Histogram(data) => {
            let times = times(data.start_time(), data.time());
            let start = w.begin(HISTOGRAM);
            w.uint32(TEMPORALITY, temporality(data.temporality()));
            let written = write_points(w, data.data_points(), changes, points, limit, |w, point, change| {
                write_histogram_point(w, times, point, change.and_then(PointChange::histogram));
            });
            w.end(start);
            written
        }
        MetricData::ExponentialHistogram(data) => {
            let times = times(data.start_time(), data.time());
            let start = w.begin(EXPONENTIAL_HISTOGRAM);
            w.uint32(TEMPORALITY, temporality(data.temporality()));
            let written = write_points(w, data.data_points(), changes, points, limit, |w, point, change| {
                write_exponential_histogram_point(w, times, point, change.and_then(PointChange::exponential));
            });
            w.end(start);
            written
        }
    }
}

/// Writes those of the data points that fit into `limit` bytes, but at least the first. Data points
/// without a change are left out.
fn write_points<P, W: Writer>(
    w: &mut W,
    data_points: impl Iterator<Item = P>,
    changes: Option<&Changes>,
    points: Range<usize>,
    limit: usize,
    write: impl Fn(&mut W, P, Option<&PointChange>),
) -> usize {
    match changes {
        None => write_list(w, data_points, points, limit, |w, point| write(w, point, None)),
        Some(changes) => {
            let changes = changes.points.iter().map(Option::as_ref);
            let written = data_points.zip(changes).filter(|(_, change)| change.is_some());
            write_list(w, written, points, limit, |w, (point, change)| write(w, point, change))
        }
    }
}

fn write_list<P, W: Writer>(
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
