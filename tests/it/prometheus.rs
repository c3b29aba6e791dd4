//! The server of the Prometheus exporter, and its page.
#![cfg(feature = "prometheus")]

use std::net::{SocketAddr, TcpStream};

use autotelemetry::{ObservabilityTools, prelude::*};
use test_support::{builder, http::request, mock_collector::MockCollector, with_file};

fn tools(keys: &[(&str, &str)]) -> ObservabilityTools {
    let builder = builder().service_name("shop").resource_attribute("team", "data").prometheus_port(0);
    keys.iter().fold(builder, |builder, (key, value)| builder.set(*key, value)).build().unwrap()
}

#[test]
fn server_answers_get_and_head_on_its_path_only() {
    let tools = tools(&[]);
    let address = tools.prometheus_address().unwrap();
    assert!(address.ip().is_loopback(), "other hosts cannot reach it by default");
    tools.meter("shop").u64_counter("orders.processed").build().add(3, &[KeyValue::new("payment", "card")]);

    let (head, body) = request(address, "GET /metrics");
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    let sample = body.lines().find(|line| line.starts_with("orders_processed_total{")).unwrap();
    assert!(sample.ends_with(" 3") && sample.contains("payment=\"card\""), "{body}");
    assert!(sample.contains("otel_scope_name=\"shop\""), "{body}");
    assert!(body.contains("service_name=\"shop\"") && body.contains("team=\"data\""), "target_info: {body}");
    assert!(request(address, "GET /metrics?name=x").0.starts_with("http/1.1 200"));

    let (head, empty) = request(address, "HEAD /metrics");
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
    assert_eq!(empty, "");

    assert!(request(address, "GET /").0.starts_with("http/1.1 404"));
    let (head, _) = request(address, "POST /metrics");
    assert!(head.starts_with("http/1.1 405") && head.contains("allow: get, head"), "{head}");

    tools.shutdown().unwrap();
    TcpStream::connect(address).expect_err("the port is closed");
}

#[test]
fn port_is_free_after_shutdown() {
    let port = test_support::port::free_port();
    for _ in 0..20 {
        let tools = builder().service_name("x").set("prometheus.host", "127.0.0.1").prometheus_port(port);
        tools.build().unwrap().shutdown().unwrap();
    }
}

#[test]
fn port_in_use_on_one_address_of_the_host_is_an_error() {
    // If `localhost` has two addresses, no other program may own one of them.
    let addresses: Vec<SocketAddr> =
        std::net::ToSocketAddrs::to_socket_addrs("localhost:0").unwrap().collect();
    let taken = std::net::TcpListener::bind(addresses.last().unwrap()).unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = builder().service_name("x").prometheus_port(port).build().unwrap_err();
    assert_eq!(error.problems()[0].key(), Some("prometheus.port"), "{error}");
}

#[test]
fn foreign_host_names_the_key() {
    let error = builder()
        .service_name("x")
        .prometheus_port(0)
        .set("prometheus.host", "192.0.2.7")
        .build()
        .unwrap_err();
    assert_eq!(error.problems()[0].key(), Some("prometheus.host"), "{error}");
}

#[test]
fn page_options_change_the_page() {
    let tools = tools(&[
        ("prometheus.path", "/internal/metrics"),
        ("prometheus.target_info", "false"),
        ("prometheus.scope_info", "false"),
        ("prometheus.translation_strategy", "underscore_escaping_without_suffixes"),
        ("prometheus.namespace", "acme"),
        ("prometheus.resource_labels", "team"),
    ]);
    tools.meter("shop").f64_counter("worked").with_unit("s").build().add(1.0, &[]);
    let (_, body) = request(tools.prometheus_address().unwrap(), "GET /internal/metrics");
    assert!(body.lines().any(|line| line == "acme_worked{team=\"data\"} 1"), "{body}");
    assert!(!body.contains("target_info"), "{body}");
}

#[test]
fn scrapes_and_pushes_agree_on_observable_instruments() {
    let mock = MockCollector::start();
    let text = format!(
        "[service]\nname = \"x\"\n[metrics]\nexporters = [\"prometheus\", \"otlp\"]\n[prometheus]\nport = 0\n[otlp]\nendpoint = \"{}\"\n",
        mock.url()
    );
    let (builder, _directory) = with_file(&text, &[]);
    let tools = builder.build().unwrap();
    let scrapes = std::sync::atomic::AtomicU64::new(0);
    // A new attribute for each collection: with two readers, each would miss what the other one
    // observed.
    let _gauge = tools
        .meter("x")
        .u64_observable_counter("observed")
        .with_callback(move |observer| {
            scrapes.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            observer.observe(7, &[]);
        })
        .build();
    for _ in 0..3 {
        let (_, body) = request(tools.prometheus_address().unwrap(), "GET /metrics");
        assert!(body.contains("observed_total{otel_scope_name=\"x\"} 7"), "{body}");
        tools.force_flush().unwrap();
    }
    for metric in mock.metrics() {
        assert!(format!("{metric:?}").contains("AsInt(7)"), "{metric:?}");
    }
    assert_eq!(mock.metrics().len(), 3);
}
