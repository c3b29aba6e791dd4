//! Reports the metrics that have more attribute sets than their cardinality limit.
//!
//! The SDK adds up the measurements with further attribute sets in a single one, without a message.
//! See the specification, "Metrics SDK", section "Overflow attribute".

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::data::{
    AggregatedMetrics, ExponentialHistogramDataPoint, GaugeDataPoint, HistogramDataPoint, Metric, MetricData,
    ResourceMetrics, SumDataPoint,
};

use crate::{
    config::{LevelFilter, Metrics},
    diagnostics::{DiagnosticLog, ReportOnce},
    text::quoted_list,
};

/// The only attribute of the set that receives the further measurements.
const OVERFLOW: &str = "otel.metric.overflow";

/// Looks for metrics with an overflow.
#[derive(Debug)]
pub(crate) struct OverflowCheck {
    /// No metric with fewer data points has an overflow.
    smallest_limit: usize,
    reports: ReportOnce,
}

impl OverflowCheck {
    pub(crate) fn new(metrics: &Metrics, diagnostics: DiagnosticLog) -> Self {
        Self {
            smallest_limit: metrics.smallest_cardinality_limit().get() as usize,
            reports: ReportOnce::new(diagnostics, "metrics with too many attribute sets"),
        }
    }

    /// Reports each metric with an overflow once.
    pub(crate) fn inspect(&self, metrics: &ResourceMetrics) {
        for scope in metrics.scope_metrics() {
            for metric in scope.metrics() {
                let overflows = match metric.data() {
                    AggregatedMetrics::F64(data) => self.overflowing(data),
                    AggregatedMetrics::I64(data) => self.overflowing(data),
                    AggregatedMetrics::U64(data) => self.overflowing(data),
                };
                if overflows {
                    self.report(metric);
                }
            }
        }
    }

    fn overflowing<T>(&self, data: &MetricData<T>) -> bool {
        match data {
            MetricData::Gauge(data) => self.any(data.data_points(), GaugeDataPoint::attributes),
            MetricData::Sum(data) => self.any(data.data_points(), SumDataPoint::attributes),
            MetricData::Histogram(data) => self.any(data.data_points(), HistogramDataPoint::attributes),
            MetricData::ExponentialHistogram(data) => {
                self.any(data.data_points(), ExponentialHistogramDataPoint::attributes)
            }
        }
    }

    fn any<'a, P, A: Iterator<Item = &'a KeyValue>>(
        &self,
        mut points: impl Iterator<Item = P>,
        attributes: impl Fn(P) -> A,
    ) -> bool {
        let is_overflow =
            |point| attributes(point).next().is_some_and(|first| first.key.as_str() == OVERFLOW);
        points.size_hint().1.is_none_or(|most| most > self.smallest_limit) && points.any(is_overflow)
    }

    #[cold]
    fn report(&self, metric: &Metric) {
        self.reports.report(
            LevelFilter::Warn,
            format!(
                "the metric {} has reached its cardinality limit: measurements with further attribute sets are added up as {OVERFLOW}; raise `metrics.cardinality_limit`, or remove attributes with `attribute_keys` in a view",
                quoted_list(&[metric.name()]),
            ),
        );
    }
}
