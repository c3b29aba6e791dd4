//! The rules in `config-examples/grafana/alerts.yaml`, with `promtool`.

use std::{fs, process::Output};

use test_support::{dashboard, guide::block, programs::Program, require};

/// Each series of a loss begins at 2 minutes, with its final value.
const LOSSES: &str = "
  - interval: 30s
    input_series:
      - {series: 'otel_sdk_exporter_span_exported_total{job=\"shop\", otel_component_name=\"a\", error_type=\"timeout\"}', values: '_x4 512+0x40'}
      - {series: 'otel_sdk_exporter_span_exported_total{job=\"shop\", otel_component_name=\"a\"}', values: '0+100x44'}
      - {series: 'otel_sdk_processor_span_processed_total{job=\"shop\", otel_component_name=\"b\"}', values: '0+100x44'}
      - {series: 'otel_sdk_exporter_log_exported_total{job=\"shop\", otel_component_name=\"c\"}', values: '0+100x44'}
      - {series: 'otel_sdk_processor_log_processed_total{job=\"shop\", otel_component_name=\"d\", error_type=\"queue_full\"}', values: '_x4 1+0x20 5+0x20'}
    alert_rule_test:
      - {alertname: SpansAreLost, eval_time: 1m}
      - alertname: SpansAreLost
        eval_time: 3m
        exp_alerts:
          - exp_labels: {severity: warning, job: shop, otel_component_name: a, error_type: timeout}
            exp_annotations:
              summary: shop loses spans
              description: 'a lost about 512 spans in 5 minutes: timeout. The service names the reason on stderr.'
      - {alertname: SpansAreLost, eval_time: 8m}
      - {alertname: LogRecordsAreLost, eval_time: 1m}
      - alertname: LogRecordsAreLost
        eval_time: 3m
        exp_alerts:
          - exp_labels: {severity: warning, job: shop, otel_component_name: d, error_type: queue_full}
            exp_annotations:
              summary: shop loses log records
              description: 'd lost about 1 log records in 5 minutes: queue_full. The service names the reason on stderr.'
      - {alertname: LogRecordsAreLost, eval_time: 8m}
      - alertname: LogRecordsAreLost
        eval_time: 14m
        exp_alerts:
          - exp_labels: {severity: warning, job: shop, otel_component_name: d, error_type: queue_full}
            exp_annotations:
              summary: shop loses log records
              description: 'd lost about 4 log records in 5 minutes: queue_full. The service names the reason on stderr.'
";

/// An outage from 10 to 20 minutes: items wait, and none arrives.
const OUTAGE: &str = "
  - interval: 30s
    input_series:
      - {series: 'otel_sdk_exporter_span_exported_total{job=\"shop\", instance=\"1\", otel_component_name=\"a\"}', values: '0+100x20 2000+0x20 2000+100x20'}
      - {series: 'otel_sdk_exporter_span_inflight{job=\"shop\", instance=\"1\", otel_component_name=\"a\"}', values: '5+0x20 2000+0x20 5+0x20'}
      - {series: 'otel_sdk_processor_span_queue_size{job=\"shop\", instance=\"1\", otel_component_name=\"b\"}', values: '5+0x20 1900+0x20 5+0x20'}
      - {series: 'otel_sdk_processor_span_queue_capacity{job=\"shop\", instance=\"1\", otel_component_name=\"b\"}', values: '2000+0x60'}
    alert_rule_test:
      - {alertname: TelemetryDoesNotArrive, eval_time: 10m}
      - {alertname: TelemetryDoesNotArrive, eval_time: 14m}
      - alertname: TelemetryDoesNotArrive
        eval_time: 20m
        exp_alerts:
          - exp_labels: {severity: critical, job: shop, instance: 1, otel_component_name: a}
            exp_annotations:
              summary: Telemetry of shop does not arrive
              description: a on 1 holds 2k items and has delivered none for 5 minutes.
      - {alertname: TelemetryDoesNotArrive, eval_time: 22m}
      - {alertname: TelemetryQueueIsNearlyFull, eval_time: 9m}
      - alertname: TelemetryQueueIsNearlyFull
        eval_time: 13m
        exp_alerts:
          - exp_labels: {severity: warning, job: shop, otel_component_name: b}
            exp_annotations:
              summary: A telemetry queue of shop is nearly full
              description: The queue b is 95% full. Its destination is slow or unreachable.
      - {alertname: TelemetryQueueIsNearlyFull, eval_time: 23m}
";

/// A reload that is refused at 5 minutes, and one that is applied at 10 minutes.
const RELOADS: &str = "
  - interval: 30s
    input_series:
      - {series: 'autotelemetry_reload_timestamp_seconds{job=\"shop\", instance=\"1\", outcome=\"refused\"}', values: '_x10 300+0x30'}
      - {series: 'autotelemetry_reload_timestamp_seconds{job=\"shop\", instance=\"1\", outcome=\"applied\"}', values: '60+0x19 600+0x20'}
    alert_rule_test:
      - {alertname: ReloadIsRefused, eval_time: 4m}
      - alertname: ReloadIsRefused
        eval_time: 6m
        exp_alerts:
          - exp_labels: {severity: warning, job: shop, instance: 1}
            exp_annotations:
              summary: shop refuses its new configuration
              description: 1 runs with the previous configuration. Its stderr has the problems; `autotelemetry check` shows them, too.
      - {alertname: ReloadIsRefused, eval_time: 11m}
";

fn promtool(arguments: &[&str], path: &std::path::Path) -> Output {
    Program::Promtool.command().args(arguments).arg(path).output().unwrap()
}

fn assert_accepted(output: &Output) {
    let printed = [&*output.stdout, &output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&printed));
}

#[test]
fn promtool_accepts_the_rules() {
    require!(Promtool);
    assert_accepted(&promtool(&["check", "rules", "--lint-fatal"], &dashboard::path("alerts.yaml")));
}

#[test]
fn alerts_fire_and_resolve() {
    require!(Promtool);
    let rules = dashboard::path("alerts.yaml");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tests.yml");
    let head = format!("rule_files: ['{}']\nevaluation_interval: 30s\ntests:", rules.display());
    fs::write(&path, [&head, LOSSES, OUTAGE, RELOADS].concat()).unwrap();
    assert_accepted(&promtool(&["test", "rules"], &path));
}

#[test]
fn alerts_of_the_guide_are_in_the_file() {
    let text = fs::read_to_string(dashboard::path("alerts.yaml")).unwrap();
    let rules = block("yaml", "alert: SpansAreLost");
    assert!(text.contains(&rules), "{rules}");
}
