//! A declarative file with all signals, at a real Collector.

use std::fs;

use autotelemetry::prelude::*;
use test_support::{
    collector::{Collector, sections},
    mock_collector::MockCollector,
    process,
    prometheus::Prometheus,
    require, with_env,
};

const FILE: &str = r#"
file_format: "1.1"
resource:
  schema_url: https://opentelemetry.io/schemas/1.37.0
  attributes:
    - name: service.name
      value: shop
    - name: replicas
      value: ${REPLICAS:-7}
      type: int
  attributes_list: ${OTEL_RESOURCE_ATTRIBUTES}
tracer_provider:
  processors:
    - batch:
        schedule_delay: 100
        exporter:
          otlp_grpc:
            endpoint: ${GRPC}
            compression: gzip
  sampler:
    parent_based:
meter_provider:
  readers:
    - periodic:
        exporter:
          otlp_http:
            endpoint: ${HTTP}/v1/metrics
            temporality_preference: delta
            default_histogram_aggregation: base2_exponential_bucket_histogram
    - pull:
        exporter:
          prometheus/development:
            port: 0
  views:
    - selector:
        instrument_name: requests
      stream:
        name: renamed
logger_provider:
  processors:
    - batch:
        exporter:
          otlp_http:
            endpoint: ${HTTP}/v1/logs
            encoding: json
"#;

#[test]
fn one_file_delivers_all_signals() {
    require!(Collector);
    let collector = Collector::start();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otel.yaml");
    fs::write(&path, FILE).unwrap();
    let mut program = process::function("collector::signals", "child_emits");
    program
        .env("OTEL_CONFIG_FILE", &path)
        .env("GRPC", collector.url("grpc"))
        .env("HTTP", collector.url("http/protobuf"))
        .env("OTEL_RESOURCE_ATTRIBUTES", "region=eu%20west")
        // Nothing refers to these.
        .env("OTEL_TRACES_EXPORTER", "none")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1");
    let ran = process::run(program);
    let printed = String::from_utf8_lossy(&ran.stderr);
    assert!(printed.contains("otel.yaml (variables are not merged): traces to otlp (grpc "), "{printed}");
    let output = collector.wait(|text| {
        sections(text, "Span").len() == 2
            && sections(text, "LogRecord").len() == 4
            && sections(text, "Metric").len() == 4
    });
    for (text, times) in [
        ("-> service.name: Str(shop)", 3),
        ("-> replicas: Int(7)", 3),
        ("-> region: Str(eu west)", 3),
        // Values of the program are defaults.
        ("-> team: Str(data)", 3),
        ("Resource SchemaURL: https://opentelemetry.io/schemas/1.37.0", 3),
        ("-> Name: renamed", 1),
        ("AggregationTemporality: Delta", 2),
        ("DataType: ExponentialHistogram", 1),
    ] {
        assert_eq!(output.matches(text).count(), times, "{text}: {output}");
    }
}

/// The push reader of the same file sends delta temporality; the page stays cumulative.
#[test]
fn prometheus_scrapes_the_pull_reader() {
    require!(Prometheus);
    let mock = MockCollector::start();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otel.yaml");
    fs::write(&path, FILE).unwrap();
    let variables = [("GRPC", mock.url()), ("HTTP", mock.url())];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let tools = with_env(&variables).config_file(&path).build().unwrap();
    let requests = tools.meter("shop").u64_counter("requests").build();
    requests.add(3, &[KeyValue::new("route", "/cart")]);
    tools.force_flush().unwrap();
    requests.add(4, &[KeyValue::new("route", "/cart")]);
    let prometheus = Prometheus::scrape("shop", &tools.prometheus_address().unwrap().to_string());
    let labels = prometheus.wait("renamed_total", "7");
    assert_eq!((&labels["route"], &labels["otel_scope_name"]), (&"/cart".into(), &"shop".into()));
    let labels = prometheus.wait("target_info", "1");
    assert_eq!((&labels["replicas"], &labels["service_name"]), (&"7".into(), &"shop".into()));
}
