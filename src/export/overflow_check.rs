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
                let limit = match metric.data() {
                    AggregatedMetrics::F64(data) => self.exceeded_limit(data),
                    AggregatedMetrics::I64(data) => self.exceeded_limit(data),
                    AggregatedMetrics::U64(data) => self.exceeded_limit(data),
                };
                if let Some(limit) = limit {
                    self.report(metric, limit);
                }
            }
        }
    }

    /// Returns the limit of the metric, if there is an overflow.
    fn exceeded_limit<T>(&self, data: &MetricData<T>) -> Option<usize> {
        match data {
            MetricData::Gauge(data) => self.limit_of(data.data_points(), GaugeDataPoint::attributes),
            MetricData::Sum(data) => self.limit_of(data.data_points(), SumDataPoint::attributes),
            MetricData::Histogram(data) => self.limit_of(data.data_points(), HistogramDataPoint::attributes),
            MetricData::ExponentialHistogram(data) => {
                self.limit_of(data.data_points(), ExponentialHistogramDataPoint::attributes)
            }
        }
    }

    /// Returns the number of points beside the one with the overflow.
    fn limit_of<'a, P, A: Iterator<Item = &'a KeyValue>>(
        &self,
        points: impl Iterator<Item = P>,
        attributes: impl Fn(P) -> A,
    ) -> Option<usize> {
        let is_overflow =
            |point| attributes(point).next().is_some_and(|first| first.key.as_str() == OVERFLOW);
        if points.size_hint().1.is_some_and(|most| most <= self.smallest_limit) {
            return None;
        }
        let (others, overflows) =
            points.map(is_overflow).fold((0, false), |(others, overflows), overflow| {
                (others + usize::from(!overflow), overflows || overflow)
            });
        overflows.then_some(others)
    }

    #[cold]
    fn report(&self, metric: &Metric, limit: usize) {
        self.reports.report(
            LevelFilter::Warn,
            format!(
                "the metric {} has reached its cardinality limit of {limit}: measurements with further attribute sets are added up as {OVERFLOW}; raise the limit in `metrics.cardinality_limit`, `metrics.cardinality_limits` or a view, or remove attributes with `attribute_keys` in a view",
                quoted_list(&[metric.name()]),
            ),
        );
    }
}
