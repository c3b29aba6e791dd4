//! The kinds of metrics.

use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData};

/// The kind of a metric, in the order that decides between metrics of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MetricKind {
    Counter,
    UpDownCounter,
    Gauge,
    Histogram,
}

impl MetricKind {
    pub(super) fn of(metric: &Metric) -> Self {
        match metric.data() {
            AggregatedMetrics::F64(data) => Self::of_data(data),
            AggregatedMetrics::U64(data) => Self::of_data(data),
            AggregatedMetrics::I64(data) => Self::of_data(data),
        }
    }

    fn of_data<T>(data: &MetricData<T>) -> Self {
        match data {
            MetricData::Sum(sum) if sum.is_monotonic() => Self::Counter,
            MetricData::Sum(_) => Self::UpDownCounter,
            MetricData::Gauge(_) => Self::Gauge,
            MetricData::Histogram(_) | MetricData::ExponentialHistogram(_) => Self::Histogram,
        }
    }

    /// Returns the type that Prometheus knows it as.
    pub(super) fn type_name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::UpDownCounter | Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }

    /// Returns whether values with equal labels can be added.
    pub(super) fn is_additive(self) -> bool {
        self != Self::Gauge
    }
}
