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
    pub(super) fn family_type(self) -> FamilyType {
        match self {
            Self::Counter => FamilyType::Counter,
            Self::UpDownCounter | Self::Gauge => FamilyType::Gauge,
            Self::Histogram => FamilyType::Histogram,
        }
    }

    /// Returns whether values with equal labels can be added.
    pub(super) fn is_additive(self) -> bool {
        self != Self::Gauge
    }
}

/// The type of a family in Prometheus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FamilyType {
    Counter,
    Gauge,
    Histogram,
}

impl FamilyType {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}
