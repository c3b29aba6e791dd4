//! Self metrics over OTLP.
#![cfg(feature = "prometheus")]

use opentelemetry_proto::tonic::{
    common::v1::any_value::Value as Any,
    metrics::v1::{Metric, metric::Data, number_data_point::Value},
};
use test_support::mock_collector::MockCollector;

use super::self_metrics::{measured, trace};

/// Returns the points of the metric `name` in each push, as values and attributes.
fn pushed(mock: &MockCollector, name: &str) -> Vec<Vec<(i64, Vec<String>)>> {
    mock.metrics().into_iter().filter(|metric| metric.name == name).map(points).collect()
}

fn points(metric: Metric) -> Vec<(i64, Vec<String>)> {
    let attributes = |list: Vec<opentelemetry_proto::tonic::common::v1::KeyValue>| {
        let mut texts: Vec<_> = list
            .into_iter()
            .map(|attribute| {
                let value = match attribute.value.unwrap().value.unwrap() {
                    Any::StringValue(text) => text,
                    Any::IntValue(number) => number.to_string(),
                    other => panic!("{other:?}"),
                };
                format!("{}={value}", attribute.key)
            })
            .collect();
        texts.sort();
        texts
    };
    match metric.data.unwrap() {
        Data::Sum(sum) => sum
            .data_points
            .into_iter()
            .map(|point| match point.value.unwrap() {
                Value::AsInt(value) => (value, attributes(point.attributes)),
                Value::AsDouble(value) => panic!("{value} is no whole number"),
            })
            .collect(),
        Data::Histogram(histogram) => histogram
            .data_points
            .into_iter()
            .map(|point| (point.count.try_into().unwrap(), attributes(point.attributes)))
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn otlp_self_metrics_follow_the_semantic_conventions() {
    for (protocol, kind, code) in [
        ("grpc", "otlp_grpc", "rpc.response.status_code=OK"),
        ("http/protobuf", "otlp_http", "http.response.status_code=200"),
        ("http/json", "otlp_http_json", "http.response.status_code=200"),
    ] {
        if protocol == "grpc" && cfg!(not(feature = "grpc")) {
            continue;
        }
        let mock = MockCollector::start();
        let tools = measured(mock.url())
            .set("otlp.protocol", protocol)
            .set("metrics.exporters", "otlp")
            .set("metrics.interval", "1h")
            .build()
            .unwrap();
        trace(&tools, 5);
        // Signals are flushed concurrently, so the first push may not include the spans.
        tools.force_flush().unwrap();
        let first = metrics(&mock, protocol);
        tools.force_flush().unwrap();
        let all = metrics(&mock, protocol);
        let pushes = mock.received().iter().filter(|it| it.path.to_lowercase().contains("metrics")).count();
        assert_eq!(pushes, 2, "what a push changes is told by the next one");
        let last = |name: &str| {
            all[first.len()..]
                .iter()
                .find(|metric| metric.name == name)
                .cloned()
                .unwrap_or_else(|| panic!("no {name}"))
        };
        let address = mock.url();
        let port = address.rsplit_once(':').unwrap().1;
        let exporter = |signal: &str| {
            vec![
                format!("otel.component.name={kind}_{signal}_exporter/otlp"),
                format!("otel.component.type={kind}_{signal}_exporter"),
                "server.address=127.0.0.1".to_owned(),
                format!("server.port={port}"),
            ]
        };
        let processor = vec![
            "otel.component.name=batching_span_processor/otlp".to_owned(),
            "otel.component.type=batching_span_processor".to_owned(),
        ];
        let data_points = first.iter().cloned().map(|metric| points(metric).len()).sum::<usize>();
        let data_points = i64::try_from(data_points).unwrap();
        for (name, unit, monotonic, value, attributes) in [
            ("otel.sdk.processor.span.queue.size", "{span}", false, 0, processor.clone()),
            ("otel.sdk.processor.span.queue.capacity", "{span}", false, 2048, processor.clone()),
            ("otel.sdk.processor.span.processed", "{span}", true, 5, processor),
            ("otel.sdk.exporter.span.inflight", "{span}", false, 0, exporter("span")),
            ("otel.sdk.exporter.span.exported", "{span}", true, 5, exporter("span")),
            ("otel.sdk.exporter.metric_data_point.inflight", "{data_point}", false, 0, exporter("metric")),
            (
                "otel.sdk.exporter.metric_data_point.exported",
                "{data_point}",
                true,
                data_points,
                exporter("metric"),
            ),
            ("otel.sdk.exporter.log.exported", "{log_record}", true, 0, exporter("log")),
        ] {
            let metric = last(name);
            assert_eq!(metric.unit, unit, "{name}");
            let Some(Data::Sum(sum)) = &metric.data else { panic!("{metric:?}") };
            assert_eq!(sum.is_monotonic, monotonic, "{name}");
            assert_eq!(points(metric), [(value, attributes)], "{name}");
        }
        let duration = last("otel.sdk.exporter.operation.duration");
        assert_eq!(duration.unit, "s");
        let mut span = exporter("span");
        span.push(code.to_owned());
        span.sort();
        assert!(points(duration.clone()).contains(&(1, span)), "{duration:?}");
        tools.shutdown().unwrap();
    }
}

/// Returns the received metrics, which are JSON and not readable by [`MockCollector::metrics`].
fn metrics(mock: &MockCollector, protocol: &str) -> Vec<Metric> {
    if protocol != "http/json" {
        return mock.metrics();
    }
    let requests = mock.received().into_iter().filter(|received| received.path.contains("metrics"));
    requests
        .map(|received| {
            serde_json::from_slice::<
                opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest,
            >(&received.body)
            .unwrap()
        })
        .flat_map(|request| request.resource_metrics)
        .flat_map(|resource| resource.scope_metrics)
        .flat_map(|scope| scope.metrics)
        .collect()
}

#[test]
fn delta_counters_sum_to_total() {
    let mock = MockCollector::start();
    let tools = measured(mock.url())
        .set("metrics.exporters", "otlp")
        .set("metrics.interval", "1h")
        .set("metrics.temporality", "delta")
        .build()
        .unwrap();
    for spans in [2, 0, 3] {
        trace(&tools, spans);
        tools.force_flush().unwrap();
    }
    tools.force_flush().unwrap();
    let pushes = pushed(&mock, "otel.sdk.exporter.span.exported");
    let values: Vec<i64> = pushes.iter().map(|points| points.iter().map(|point| point.0).sum()).collect();
    assert_eq!(values.iter().sum::<i64>(), 5, "{values:?}");
    let sizes = pushed(&mock, "otel.sdk.processor.span.queue.capacity");
    assert!(sizes.iter().all(|points| points[0].0 == 2048), "a level is no difference: {sizes:?}");
    tools.shutdown().unwrap();
}
