//! Clients that keep the Prometheus server busy: another scrape is answered in time.
#![cfg(feature = "prometheus")]

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use autotelemetry::{ObservabilityTools, prelude::*};
use test_support::{builder, http::request, with_env};

/// More clients than the server accepts at once.
const CLIENTS: usize = 64 + 8;

/// Half of the usual timeout of a scrape.
const IN_TIME: Duration = Duration::from_secs(5);

const GET: &[u8] = b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n";

fn tools() -> ObservabilityTools {
    let tools = builder().service_name("shop").prometheus_port(0).set("prometheus.host", "127.0.0.1");
    let tools = tools.build().unwrap();
    tools.meter("shop").u64_counter("orders").build().add(3, &[]);
    tools
}

fn address(tools: &ObservabilityTools) -> SocketAddr {
    tools.prometheus_address().unwrap()
}

fn assert_scraped_in_time(tools: &ObservabilityTools) {
    for _ in 0..3 {
        let start = Instant::now();
        let (head, page) = request(address(tools), "GET /metrics");
        assert!(start.elapsed() < IN_TIME, "{:?}", start.elapsed());
        assert!(head.starts_with("http/1.1 200") && page.contains("orders_total"), "{head}\n{page}");
    }
}

#[test]
fn idle_connections_delay_no_scrape() {
    let tools = tools();
    let idle: Vec<_> = (0..4 * CLIENTS).map(|_| TcpStream::connect(address(&tools)).unwrap()).collect();
    assert_scraped_in_time(&tools);
    drop(idle);
}

#[test]
fn clients_that_never_read_delay_no_scrape() {
    let tools = tools();
    // More than the buffers of the system hold.
    let large = tools.meter("shop").u64_gauge("large").build();
    for number in 0..200 {
        large.record(number, &[KeyValue::new("text", format!("{number:030000}"))]);
    }
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let mut client = TcpStream::connect(address(&tools)).unwrap();
            client.write_all(GET).unwrap();
            client
        })
        .collect();
    assert_scraped_in_time(&tools);
    drop(clients);
}

#[test]
fn slow_request_heads_delay_no_scrape() {
    let tools = tools();
    let is_done = AtomicBool::new(false);
    let begun = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut clients: Vec<_> =
                (0..CLIENTS).filter_map(|_| TcpStream::connect(address(&tools)).ok()).collect();
            while !is_done.load(Ordering::SeqCst) {
                // A closed connection is replaced, as a stubborn client would do.
                for client in &mut clients {
                    if client.write_all(b"G").is_err() {
                        *client = TcpStream::connect(address(&tools)).unwrap();
                    }
                }
                begun.fetch_add(1, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(20));
            }
        });
        while begun.load(Ordering::SeqCst) < 3 {
            thread::yield_now();
        }
        assert_scraped_in_time(&tools);
        is_done.store(true, Ordering::SeqCst);
    });
}

#[test]
fn endless_requests_delay_no_scrape() {
    let tools = tools();
    let is_done = AtomicBool::new(false);
    let answered = AtomicUsize::new(0);
    thread::scope(|scope| {
        for number in 0..64 {
            let (is_done, answered, address) = (&is_done, &answered, address(&tools));
            scope.spawn(move || {
                let mut client = TcpStream::connect(address).unwrap();
                client.set_nonblocking(true).unwrap();
                let requests = if number % 2 == 0 {
                    GET.repeat(50)
                } else {
                    b"GET / HTTP/1.1\r\nhost: x\r\n\r\n".repeat(50)
                };
                let mut buffer = [0; 16 * 1024];
                while !is_done.load(Ordering::SeqCst) {
                    let _ = client.write(&requests);
                    if client.read(&mut buffer).is_ok_and(|length| length > 0) {
                        answered.fetch_add(1, Ordering::SeqCst);
                    }
                    thread::sleep(Duration::from_millis(1));
                }
            });
        }
        while answered.load(Ordering::SeqCst) < 64 {
            thread::yield_now();
        }
        assert_scraped_in_time(&tools);
        is_done.store(true, Ordering::SeqCst);
    });
}

#[test]
fn head_of_a_request_has_a_limit() {
    let tools = tools();
    for request in [
        format!("GET /metrics HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(100_000)),
        format!("GET /metrics HTTP/1.1\r\nhost: x\r\n{}\r\n", "x: y\r\n".repeat(200)),
    ] {
        let mut client = TcpStream::connect(address(&tools)).unwrap();
        // The server may close the connection before it has read everything.
        let _ = client.write_all(request.as_bytes());
        let mut response = Vec::new();
        let _ = client.read_to_end(&mut response);
        let response = String::from_utf8_lossy(&response);
        assert!(response.is_empty() || response.starts_with("HTTP/1.1 431"), "{response}");
    }
    assert_scraped_in_time(&tools);
}

#[test]
fn one_connection_serves_several_scrapes() {
    let tools = tools();
    let mut client = TcpStream::connect(address(&tools)).unwrap();
    for _ in 0..5 {
        client.write_all(b"HEAD /metrics HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut response = Vec::new();
        while !response.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte).unwrap();
            response.push(byte[0]);
        }
        assert!(response.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&response));
    }
}

#[test]
fn brackets_of_an_address_are_taken_off() {
    for host in ["[::]", "::", "[::1]"] {
        let tools = with_env(&[
            ("OTEL_SERVICE_NAME", "shop"),
            ("OTEL_METRICS_EXPORTER", "prometheus"),
            ("OTEL_EXPORTER_PROMETHEUS_HOST", host),
            ("OTEL_EXPORTER_PROMETHEUS_PORT", "0"),
        ])
        .build();
        match tools {
            Ok(tools) => assert!(tools.prometheus_address().unwrap().is_ipv6(), "{host}"),
            // Without IPv6, only the system can refuse the address.
            Err(error) => assert!(error.to_string().contains("cannot listen on"), "{error}"),
        }
    }
}

#[test]
fn variable_that_is_no_host_is_a_warning() {
    for host in ["localhost:9464", "http://localhost", "*", "256.0.0.1", "a b"] {
        let tools = with_env(&[
            ("OTEL_SERVICE_NAME", "shop"),
            ("OTEL_METRICS_EXPORTER", "prometheus"),
            ("OTEL_EXPORTER_PROMETHEUS_HOST", host),
            ("OTEL_EXPORTER_PROMETHEUS_PORT", "0"),
        ])
        .build()
        .unwrap();
        assert!(address(&tools).ip().is_loopback(), "{host}");
        let warnings: Vec<_> = tools.warnings().iter().map(ToString::to_string).collect();
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(
            warnings[0].contains(&format!("{host:?} is not a host name or address, ignored")),
            "{warnings:?}"
        );
    }
}
