//! Limits numbers to the range of the wire.
//!
//! The conversion of opentelemetry-proto sends 0 for integers and times that are out of range, or
//! their lowest bits.

use std::time::{Duration, SystemTime};

use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    metrics::v1::{NumberDataPoint, metric::Data, number_data_point::Value},
};
use opentelemetry_sdk::{
    logs::SdkLogRecord,
    metrics::data::{AggregatedMetrics, GaugeDataPoint, MetricData, ResourceMetrics, SumDataPoint},
    trace::SpanData,
};

/// The first time on the wire. Zero means that the time is unknown.
const FIRST_NANOS: u64 = 1;

/// Returns a time within the range of the wire, which ends in the year 2554.
fn time_in_range(time: SystemTime) -> SystemTime {
    let first = SystemTime::UNIX_EPOCH + Duration::from_nanos(FIRST_NANOS);
    let last = SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::MAX);
    time.clamp(first, last)
}

fn nanos(time: SystemTime) -> u64 {
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX).max(FIRST_NANOS)
}

/// Limits the times of a span.
pub(super) fn limit_span(span: &mut SpanData) {
    let events = span.events.events.iter_mut().map(|event| &mut event.timestamp);
    for time in events.chain([&mut span.start_time, &mut span.end_time]) {
        *time = time_in_range(*time);
    }
}

/// Limits the times of a log record.
pub(super) fn limit_record(record: &mut SdkLogRecord) {
    use opentelemetry::logs::LogRecord as _;
    if let Some(time) = record.timestamp() {
        record.set_timestamp(time_in_range(time));
    }
    if let Some(time) = record.observed_timestamp() {
        record.set_observed_timestamp(time_in_range(time));
    }
}

/// Converts metrics, and limits their values and times.
pub(super) fn metrics_request(metrics: &ResourceMetrics) -> ExportMetricsServiceRequest {
    let mut request = ExportMetricsServiceRequest::from(metrics);
    let converted = request.resource_metrics.iter_mut().flat_map(|resource| &mut resource.scope_metrics);
    for (converted, scope) in converted.zip(metrics.scope_metrics()) {
        for (converted, metric) in converted.metrics.iter_mut().zip(scope.metrics()) {
            let Some(converted) = &mut converted.data else { continue };
            match metric.data() {
                AggregatedMetrics::F64(data) => limit_times(converted, data),
                AggregatedMetrics::I64(data) => limit_times(converted, data),
                AggregatedMetrics::U64(data) => {
                    limit_times(converted, data);
                    limit_values(converted, data);
                }
            }
        }
    }
    request
}

/// Sets the times of all data points, which are those of their metric. A metric whose start is
/// after its time, because the clock was set back, starts at its time.
fn limit_times<T>(converted: &mut Data, data: &MetricData<T>) {
    let (start, time) = match data {
        MetricData::Gauge(data) => (data.start_time(), data.time()),
        MetricData::Sum(data) => (Some(data.start_time()), data.time()),
        MetricData::Histogram(data) => (Some(data.start_time()), data.time()),
        MetricData::ExponentialHistogram(data) => (Some(data.start_time()), data.time()),
    };
    let start = start.map_or(0, |start| nanos(start.min(time)));
    let time = nanos(time);
    macro_rules! set_times {
        ($($kind:ident)+) => {
            match converted {
                $(Data::$kind(data) => for point in &mut data.data_points {
                    (point.start_time_unix_nano, point.time_unix_nano) = (start, time);
                })+
            }
        };
    }
    set_times!(Gauge Sum Histogram ExponentialHistogram Summary);
}

/// Sets the values that exceed the integers of the wire to the largest of these.
fn limit_values(converted: &mut Data, data: &MetricData<u64>) {
    fn limit(points: &mut [NumberDataPoint], values: impl Iterator<Item = u64>) {
        for (point, value) in points.iter_mut().zip(values) {
            if i64::try_from(value).is_err() {
                point.value = Some(Value::AsInt(i64::MAX));
            }
        }
    }
    match (converted, data) {
        (Data::Gauge(converted), MetricData::Gauge(data)) => {
            limit(&mut converted.data_points, data.data_points().map(GaugeDataPoint::value));
        }
        (Data::Sum(converted), MetricData::Sum(data)) => {
            limit(&mut converted.data_points, data.data_points().map(SumDataPoint::value));
        }
        _ => {}
    }
}
