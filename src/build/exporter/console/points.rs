//! The data points of an export, flat, as every output shows them.

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};

/// One number, or one distribution, with all that identifies it.
pub(crate) struct Point<'m> {
    pub(crate) scope: &'m str,
    pub(crate) name: &'m str,
    pub(crate) unit: &'m str,
    pub(crate) kind: &'static str,
    pub(crate) attributes: Vec<&'m KeyValue>,
    pub(crate) reading: Reading,
}

/// What an instrument has measured.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Reading {
    /// The value of a counter or a gauge.
    Number(Number),
    /// What a histogram knows of the values it was given.
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

/// A number, in the type of its instrument. Numbers of different types are equal when their values are.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Number {
    /// Of an instrument of `u64`.
    Unsigned(u64),
    /// Of an instrument of `i64`.
    Signed(i64),
    /// Of an instrument of `f64`.
    Float(f64),
}

impl Number {
    /// The number as a float; large integers lose their last digits.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "as documented")]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Unsigned(number) => number as f64,
            Self::Signed(number) => number as f64,
            Self::Float(number) => number,
        }
    }

    fn as_integer(self) -> Option<i128> {
        match self {
            Self::Unsigned(number) => Some(number.into()),
            Self::Signed(number) => Some(number.into()),
            Self::Float(_) => None,
        }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unsigned(one), Self::Unsigned(other)) => one.saturating_add(other).into(),
            (Self::Signed(one), Self::Signed(other)) => one.saturating_add(other).into(),
            (one, other) => (one.as_f64() + other.as_f64()).into(),
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (self.as_integer(), other.as_integer()) {
            (Some(one), Some(other)) => one == other,
            _ => self.as_f64() == other.as_f64(),
        }
    }
}

impl From<i32> for Number {
    fn from(number: i32) -> Self {
        Self::Signed(number.into())
    }
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
