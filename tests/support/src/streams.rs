//! Metrics as short texts, to compare the streams of instruments.

use opentelemetry_proto::tonic::{
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::{
        AggregationTemporality, Metric, exponential_histogram_data_point::Buckets, metric::Data,
        number_data_point,
    },
};

/// Returns a line for each data point, sorted: `NAME KIND {ATTRIBUTES} VALUE`.
///
/// The kind is `gauge`, or `sum`, `up_down`, `histogram` or `exponential` with the temporality.
pub fn stream_lines(metrics: impl IntoIterator<Item = Metric>) -> Vec<String> {
    let mut lines: Vec<_> = metrics.into_iter().flat_map(|metric| lines(&metric)).collect();
    lines.sort();
    lines
}

fn lines(metric: &Metric) -> Vec<String> {
    let line = |kind: &str, attributes: &[KeyValue], value: String| {
        format!("{} {kind} {{{}}} {value}", metric.name, attribute_list(attributes))
    };
    match metric.data.as_ref().unwrap() {
        Data::Gauge(gauge) => gauge
            .data_points
            .iter()
            .map(|point| line("gauge", &point.attributes, number(point.value)))
            .collect(),
        Data::Sum(sum) => {
            let kind = if sum.is_monotonic { "sum" } else { "up_down" };
            let kind = format!("{kind} {}", temporality(sum.aggregation_temporality));
            sum.data_points.iter().map(|point| line(&kind, &point.attributes, number(point.value))).collect()
        }
        Data::Histogram(histogram) => {
            let kind = format!("histogram {}", temporality(histogram.aggregation_temporality));
            let points = histogram.data_points.iter().map(|point| {
                let extremes = extremes(point.min, point.max);
                let value = format!(
                    "count={} sum={} buckets={:?} bounds={:?}{extremes}",
                    point.count,
                    point.sum.unwrap_or_default(),
                    point.bucket_counts,
                    point.explicit_bounds
                );
                line(&kind, &point.attributes, value)
            });
            points.collect()
        }
        Data::ExponentialHistogram(histogram) => {
            let kind = format!("exponential {}", temporality(histogram.aggregation_temporality));
            let points = histogram.data_points.iter().map(|point| {
                let value = format!(
                    "count={} sum={} scale={} zero={} positive={} negative={}{}",
                    point.count,
                    point.sum.unwrap_or_default(),
                    point.scale,
                    point.zero_count,
                    buckets(point.positive.as_ref()),
                    buckets(point.negative.as_ref()),
                    extremes(point.min, point.max)
                );
                line(&kind, &point.attributes, value)
            });
            points.collect()
        }
        Data::Summary(_) => panic!("a summary: {metric:?}"),
    }
}

fn temporality(number: i32) -> &'static str {
    match AggregationTemporality::try_from(number).unwrap() {
        AggregationTemporality::Cumulative => "cumulative",
        AggregationTemporality::Delta => "delta",
        AggregationTemporality::Unspecified => "unspecified",
    }
}

fn attribute_list(attributes: &[KeyValue]) -> String {
    let mut attributes: Vec<_> = attributes
        .iter()
        .map(|attribute| {
            let value = attribute.value.as_ref().and_then(|value| value.value.as_ref());
            match value {
                Some(Value::StringValue(text)) => format!("{}={text}", attribute.key),
                Some(Value::IntValue(number)) => format!("{}={number}", attribute.key),
                Some(Value::BoolValue(value)) => format!("{}={value}", attribute.key),
                other => panic!("{other:?}"),
            }
        })
        .collect();
    attributes.sort();
    attributes.join(",")
}

fn number(value: Option<number_data_point::Value>) -> String {
    match value.unwrap() {
        number_data_point::Value::AsInt(value) => value.to_string(),
        number_data_point::Value::AsDouble(value) => format!("{value:?}"),
    }
}

fn extremes(min: Option<f64>, max: Option<f64>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!(" min={min} max={max}"),
        _ => String::new(),
    }
}

/// Returns the offset and the counts, without the empty buckets at both ends.
fn buckets(buckets: Option<&Buckets>) -> String {
    let Some(buckets) = buckets.filter(|buckets| buckets.bucket_counts.iter().any(|count| *count > 0)) else {
        return "none".to_owned();
    };
    let first = buckets.bucket_counts.iter().position(|count| *count > 0).unwrap();
    let last = buckets.bucket_counts.iter().rposition(|count| *count > 0).unwrap();
    let offset = buckets.offset + i32::try_from(first).unwrap();
    format!("{offset}:{:?}", &buckets.bucket_counts[first..=last])
}
