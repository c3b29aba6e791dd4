//! The Prometheus exporter, with `promtool` and a real Prometheus.
#![cfg(feature = "prometheus")]

use std::{io::BufReader, process::Stdio};

use autotelemetry::prelude::*;
use test_support::{
    builder,
    http::request,
    mock_collector::MockCollector,
    process::{self, Process},
    prometheus::{Prometheus, check_page},
    require,
};

/// Waits for a line of output that contains `part`.
fn wait_for_line(reader: &mut impl std::io::BufRead, part: &str) -> String {
    let mut seen = String::new();
    loop {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).unwrap() > 0, "no {part:?} in\n{seen}");
        if line.contains(part) {
            return line;
        }
        seen.push_str(&line);
    }
}

#[test]
fn promtool_accepts_the_page() {
    require!(Promtool);
    let tools =
        builder().service_name("shop").resource_attribute("team", "data").prometheus_port(0).build().unwrap();
    let meter = tools.meter("shop");
    let attributes = [KeyValue::new("payment", "card")];
    meter.u64_counter("orders.processed").with_description("Orders").build().add(3, &attributes);
    meter
        .f64_histogram("order.duration")
        .with_unit("s")
        .with_description("Time")
        .build()
        .record(0.2, &attributes);
    meter.i64_up_down_counter("open.orders").with_description("Open").build().add(-1, &[]);
    let (_, page) = request(tools.prometheus_address().unwrap(), "GET /metrics");
    check_page(&page);
}

#[test]
fn prometheus_scrapes_the_quickstart() {
    require!(Prometheus);
    let mut quickstart = process::example("quickstart");
    quickstart
        .arg("100000")
        .env("AUTOTEL_PROFILE", "prometheus")
        .env("OTEL_EXPORTER_PROMETHEUS_PORT", "0")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut quickstart = Process::spawn(&mut quickstart);
    let mut stdout = BufReader::new(quickstart.stdout.take().unwrap());
    wait_for_line(&mut stdout, "order received");
    std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
    let mut stderr = BufReader::new(quickstart.stderr.take().unwrap());
    let start_line = wait_for_line(&mut stderr, "http://");
    let (_, page) = start_line.split_once("http://").unwrap();
    let (target, _) = page.split_once("/metrics").unwrap();

    let prometheus = Prometheus::scrape("quickstart", target);
    // `group` maps each value of the counter to 1.
    let labels = prometheus.wait("group without () (orders_processed_total{payment=\"card\"})", "1");
    assert_eq!((&labels["otel_scope_name"], &labels["job"]), (&"shop".into(), &"quickstart".into()));
}

#[test]
fn promtool_accepts_self_metrics() {
    require!(Promtool);
    let mock = MockCollector::start();
    let tools = builder()
        .service_name("shop")
        .otlp_endpoint(mock.url())
        .set("otlp.protocol", "http/protobuf")
        .set("logs.exporters", "otlp")
        .set("diagnostics.level", "off")
        .set("diagnostics.metrics", "true")
        .set("metrics.exporters", "otlp,prometheus")
        .set("prometheus.port", "0")
        .build()
        .unwrap();
    for _ in 0..2 {
        drop(tools.tracer("shop").start_as_current_span("order"));
    }
    mock.fail_next(&[400]);
    for _ in 0..2 {
        tools.logger("shop").info("order received", &[]);
    }
    let _ = tools.force_flush();
    let (_, page) = request(tools.prometheus_address().unwrap(), "GET /metrics");
    assert!(page.contains("otel_sdk_exporter_metric_data_point_exported_total"), "{page}");
    check_page(&page);
}
