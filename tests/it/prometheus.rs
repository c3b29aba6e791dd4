//! The page that is scraped: by hand, by `promtool`, and by a real Prometheus.
#![cfg(feature = "prometheus")]

use std::{
    io::BufReader,
    net::{SocketAddr, TcpStream},
    process::Stdio,
};

use crate::support::{builder, check_page, program, prometheus::Prometheus, request, sink::Sink, with_file};
use autotelemetry::{ObservabilityTools, prelude::*};

fn tools(keys: &[(&str, &str)]) -> ObservabilityTools {
    let builder = builder().service_name("shop").resource_attribute("team", "data").prometheus_port(0);
    keys.iter().fold(builder, |builder, (key, value)| builder.set(*key, value)).build().unwrap()
}

#[test]
fn get_and_head_on_the_path_and_nothing_else() {
    let tools = tools(&[]);
    let address = tools.prometheus_address().unwrap();
    assert!(address.ip().is_loopback(), "nobody else can see it by default");
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
fn the_port_is_free_when_shutdown_returns() {
    let port = crate::support::collector::free_port();
    for _ in 0..20 {
        let tools = builder().service_name("x").set("prometheus.host", "127.0.0.1").prometheus_port(port);
        tools.build().unwrap().shutdown().unwrap();
    }
}

#[test]
fn every_address_of_the_host_is_taken() {
    // Where `localhost` has two addresses, another program must not have one of them.
    let addresses: Vec<SocketAddr> =
        std::net::ToSocketAddrs::to_socket_addrs("localhost:0").unwrap().collect();
    let taken = std::net::TcpListener::bind(addresses.last().unwrap()).unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = builder().service_name("x").prometheus_port(port).build().unwrap_err();
    assert_eq!(error.problems()[0].key(), Some("prometheus.port"), "{error}");
}

#[test]
fn a_host_that_is_not_ours_is_named() {
    let error = builder()
        .service_name("x")
        .prometheus_port(0)
        .set("prometheus.host", "192.0.2.7")
        .build()
        .unwrap_err();
    assert_eq!(error.problems()[0].key(), Some("prometheus.host"), "{error}");
}

#[test]
fn the_switches_work() {
    let tools = tools(&[
        ("prometheus.path", "/internal/metrics"),
        ("prometheus.target_info", "false"),
        ("prometheus.scope_info", "false"),
        ("prometheus.unit_suffixes", "false"),
        ("prometheus.counter_suffixes", "false"),
        ("prometheus.namespace", "acme"),
        ("prometheus.resource_labels", "team"),
    ]);
    tools.meter("shop").f64_counter("worked").with_unit("s").build().add(1.0, &[]);
    let (_, body) = request(tools.prometheus_address().unwrap(), "GET /internal/metrics");
    assert!(body.lines().any(|line| line == "acme_worked{team=\"data\"} 1"), "{body}");
    assert!(!body.contains("target_info"), "{body}");
}

#[test]
fn scrapes_and_pushes_agree_about_observable_instruments() {
    let sink = Sink::start();
    let text = format!(
        "[service]\nname = \"x\"\n[metrics]\nexporters = [\"prometheus\", \"otlp\"]\n[prometheus]\nport = 0\n[otlp]\nendpoint = \"{}\"\n",
        sink.url()
    );
    let (builder, _directory) = with_file(&text, &[]);
    let tools = builder.build().unwrap();
    let scrapes = std::sync::atomic::AtomicU64::new(0);
    // Another attribute at each collection: with two readers each would see what only the other one observed.
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
    for metric in sink.metrics() {
        assert!(format!("{metric:?}").contains("AsInt(7)"), "{metric:?}");
    }
    assert_eq!(sink.metrics().len(), 3);
}

/// Waits for a line of the output of a program that holds `part`.
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
#[ignore = "needs promtool (Debian's package prometheus)"]
fn promtool_accepts_the_page() {
    let tools = tools(&[]);
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
#[ignore = "needs prometheus (Debian's package)"]
fn a_real_prometheus_scrapes_the_quickstart() {
    let port = crate::support::collector::free_port().to_string();
    let mut quickstart = program::example("quickstart");
    quickstart
        .arg("100000")
        .env("AUTOTEL_PROFILE", "prometheus")
        .env("OTEL_EXPORTER_PROMETHEUS_PORT", &port)
        .stdout(Stdio::piped());
    let mut quickstart = quickstart.spawn().unwrap();
    let mut out = BufReader::new(quickstart.stdout.take().unwrap());
    wait_for_line(&mut out, "order received");
    std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));

    let prometheus = Prometheus::scrape("quickstart", &format!("localhost:{port}"));
    // `group` makes 1 of whatever the counter has come to.
    let labels = prometheus.wait("group without () (orders_processed_total{payment=\"card\"})", "1");
    assert_eq!((&labels["otel_scope_name"], &labels["job"]), (&"shop".into(), &"quickstart".into()));
    let _ = quickstart.kill();
    let _ = quickstart.wait();
}
