//! Destinations with their own batching and interval, at two real Collectors.

use std::fs;

use autotelemetry::{ObservabilityTools, prelude::*};
use test_support::{
    collector::{Collector, sections},
    require, with_env, with_file,
};

const TOML: &str = r#"
[service]
name = "shop"

[otlp]
endpoint = "${FIRST}"
metrics.interval = "1h"

[otlp.traces.batch]
schedule_delay = "1h"
max_export_batch_size = 100

[otlp.logs.batch]
schedule_delay = "1h"

[exporters.fast]
endpoint = "${SECOND}"

[traces]
exporters = ["otlp", "fast"]
batch = { schedule_delay = "10ms", max_export_batch_size = 1 }

[metrics]
exporters = ["otlp", "fast"]
interval = "100ms"
temporality = "delta"

[logs]
exporters = ["otlp", "fast"]
batch = { schedule_delay = "10ms" }
"#;

const YAML: &str = r#"
file_format: "1.1"
resource:
  attributes:
    - name: service.name
      value: shop
tracer_provider:
  processors:
    - batch:
        schedule_delay: 3600000
        exporter:
          otlp_http:
            endpoint: ${FIRST}/v1/traces
    - batch:
        schedule_delay: 10
        max_export_batch_size: 1
        exporter:
          otlp_http:
            endpoint: ${SECOND}/v1/traces
meter_provider:
  readers:
    - periodic:
        interval: 3600000
        exporter:
          otlp_http:
            endpoint: ${FIRST}/v1/metrics
            temporality_preference: delta
    - periodic:
        interval: 100
        exporter:
          otlp_http:
            endpoint: ${SECOND}/v1/metrics
            temporality_preference: delta
logger_provider:
  processors:
    - batch:
        schedule_delay: 3600000
        exporter:
          otlp_http:
            endpoint: ${FIRST}/v1/logs
    - batch:
        schedule_delay: 10
        exporter:
          otlp_http:
            endpoint: ${SECOND}/v1/logs
"#;

/// Returns the sum of the values of all points.
fn total(output: &str) -> u64 {
    output.lines().filter_map(|line| line.strip_prefix("Value: ")?.parse::<u64>().ok()).sum()
}

/// Emits until the second Collector has everything, which the first one gets at the end.
fn emit(tools: &ObservabilityTools, first: Collector, second: &Collector) {
    let (tracer, requests) = (tools.tracer("shop"), tools.meter("shop").u64_counter("requests").build());
    for number in 1..=3 {
        tracer.in_span("work", |_| {});
        tools.logger("shop").info("logged", &[]);
        requests.add(5, &[]);
        second.wait(|text| {
            let is_whole = |name, number| sections(text, name).len() == number;
            is_whole("Span", number) && is_whole("LogRecord", number) && total(text) == number as u64 * 5
        });
    }
    let before = first.wait(|_| true);
    assert!(!before.contains("ResourceSpans #0"), "{before}");
    assert!(!before.contains("ResourceMetrics #0") && !before.contains("ResourceLog #0"), "{before}");
    tools.shutdown().unwrap();
    let [first, second] = [first.stop(), second.wait(|_| true)];
    for (output, requests) in [(&first, 1), (&second, 3)] {
        assert_eq!(sections(output, "Span").len(), 3, "{output}");
        assert_eq!(output.matches("ResourceSpans #0").count(), requests, "{output}");
        assert_eq!(sections(output, "LogRecord").len(), 3, "{output}");
        // Each destination receives the differences since its own previous export.
        assert_eq!(total(output), 15, "{output}");
        assert!(output.contains("AggregationTemporality: Delta"), "{output}");
        assert!(!output.contains("AggregationTemporality: Cumulative"), "{output}");
    }
}

#[test]
fn destination_has_its_own_batching_and_interval() {
    require!(Collector);
    let (first, second) = (Collector::start(), Collector::start());
    let urls = [first.url("http/protobuf"), second.url("http/protobuf")];
    let (builder, _directory) = with_file(TOML, &[("FIRST", &urls[0]), ("SECOND", &urls[1])]);
    emit(&builder.build().unwrap(), first, &second);
}

#[test]
fn processors_and_readers_have_their_own_batching_and_interval() {
    require!(Collector);
    let (first, second) = (Collector::start(), Collector::start());
    let urls = [first.url("http/protobuf"), second.url("http/protobuf")];
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otel.yaml");
    fs::write(&path, YAML).unwrap();
    let variables = [("FIRST", &*urls[0]), ("SECOND", &*urls[1])];
    emit(&with_env(&variables).config_file(&path).build().unwrap(), first, &second);
}
