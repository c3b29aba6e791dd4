//! The effect of a reload on the page for Prometheus, for each key of it, at a real Prometheus.
#![cfg(feature = "prometheus")]

use autotelemetry::opentelemetry::{InstrumentationScope, metrics::MeterProvider as _};
use test_support::{port::free_port, prometheus::Prometheus, require, service::Service};

/// Returns a file with these keys in `[prometheus]`.
fn page(keys: &str) -> String {
    format!(
        "metrics.exporters = [\"prometheus\"]\nlogs.exporters = []\ntraces.exporters = []\n\
         resource.attributes = {{ team = \"data\" }}\nprometheus = {{ {keys} }}"
    )
}

/// Starts a service with a counter.
fn service(keys: &str) -> Service {
    let service = Service::start(&page(keys));
    let scope = InstrumentationScope::builder("shop").with_version("1.4");
    let meter = service.tools.meter_provider().meter_with_scope(scope.build());
    meter.u64_counter("orders.sent").with_unit("By").build().add(3, &[]);
    service
}

/// A query that has a value also while there is no series.
fn count(series: &str) -> String {
    format!("count({series}) or vector(0)")
}

#[test]
fn names_and_labels_follow() {
    require!(Prometheus);
    let keys = "host = \"127.0.0.1\", port = 0";
    let service = service(keys);
    let address = service.tools.prometheus_address().unwrap();
    let prometheus = Prometheus::scrape("shop", &address.to_string());
    let total = "orders_sent_bytes_total";
    let labels = prometheus.wait(total, "3");
    assert_eq!((&labels["otel_scope_version"], &labels["team"]), (&"1.4".into(), &serde_json::Value::Null));
    prometheus.wait(&count("target_info"), "1");
    // Each step has the series that replaces another, and that other.
    for (key, series, gone) in [
        (
            "resource_labels = [\"team\"]",
            "orders_sent_bytes_total{team=\"data\"}",
            "orders_sent_bytes_total{team=\"\"}",
        ),
        (
            "scope_info = false",
            "orders_sent_bytes_total{otel_scope_version=\"\"}",
            "orders_sent_bytes_total{otel_scope_version=\"1.4\"}",
        ),
        ("target_info = false", total, "target_info"),
        ("namespace = \"eu\"", "eu_orders_sent_bytes_total", total),
        ("translation_strategy = \"underscore_escaping_without_suffixes\"", "orders_sent", total),
    ] {
        service.reload(&page(&format!("{keys}, {key}")));
        prometheus.wait(&count(series), "1");
        prometheus.wait(&count(gone), "0");
        service.reload(&page(keys));
        prometheus.wait(&count(&format!("{total}{{otel_scope_version=\"1.4\", team=\"\"}}")), "1");
        prometheus.wait(&count("target_info"), "1");
    }
    assert_eq!(service.tools.prometheus_address(), Some(address));
}

#[test]
fn place_of_the_page_follows() {
    require!(Prometheus);
    let ports = [free_port(), free_port()];
    let at = |port: u16, rest: &str| format!("host = \"127.0.0.1\", port = {port}{rest}");
    let service = service(&at(ports[0], ""));
    let targets = ports.map(|port| format!("127.0.0.1:{port}"));
    let other_host = format!("127.0.0.2:{}", ports[0]);
    let all = [targets[0].clone(), targets[1].clone(), other_host.clone()];
    let prometheus = Prometheus::scrape_each("shop", &all);
    let expect = |keys: &str, up: Option<&str>| {
        service.reload(&page(keys));
        let state = |target: &String| if Some(target.as_str()) == up { "1" } else { "0" };
        for target in &all {
            prometheus.wait(&format!("up{{instance=\"{target}\"}}"), state(target));
        }
    };
    expect(&at(ports[0], ""), Some(&targets[0]));
    expect(&at(ports[1], ""), Some(&targets[1]));
    expect(&at(ports[1], ", path = \"/other\""), None);
    expect(&at(ports[1], ""), Some(&targets[1]));
    expect(&at(ports[1], ", listen = false"), None);
    assert_eq!(service.tools.prometheus_address(), None);
    expect(&at(ports[0], ""), Some(&targets[0]));
    if cfg!(target_os = "linux") {
        expect(&at(ports[0], "").replace("127.0.0.1", "127.0.0.2"), Some(&other_host));
    }
}
