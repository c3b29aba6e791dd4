//! Clients that keep the Prometheus server busy: another scrape is answered in time.
#![cfg(feature = "prometheus")]

use std::{
    collections::VecDeque,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::{
        Barrier, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use autotelemetry::{ObservabilityTools, prelude::*};
use test_support::{
    builder,
    http::{request, request_bytes, response},
    with_env,
};

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

/// Makes the page larger than the buffers of the system. Tests with such a page run one after
/// another, since they measure time and need much of the processor.
fn record_large_page(tools: &ObservabilityTools) -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let large = tools.meter("shop").u64_gauge("large").build();
    for number in 0..200 {
        large.record(number, &[KeyValue::new("text", format!("{number:030000}"))]);
    }
    turn
}

fn assert_large_page_is_complete(page: &str) {
    assert_eq!(page.lines().filter(|line| line.starts_with("large{")).count(), 200);
    assert!(page.ends_with('\n') && page.contains("\norders_total{"));
}

#[test]
fn idle_connections_delay_no_scrape() {
    let tools = tools();
    let idle: Vec<_> = (0..4 * CLIENTS).map(|_| TcpStream::connect(address(&tools)).unwrap()).collect();
    assert_scraped_in_time(&tools);
    drop(idle);
}

#[test]
fn new_idle_connections_break_off_no_scrape() {
    let tools = tools();
    let _turn = record_large_page(&tools);
    let meter = tools.meter("shop");
    let slow = meter.u64_observable_gauge("slow");
    let _slow = slow.with_callback(|_| thread::sleep(Duration::from_millis(500))).build();
    let is_done = AtomicBool::new(false);
    let opened = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut idle = VecDeque::new();
            while !is_done.load(Ordering::SeqCst) {
                idle.extend(TcpStream::connect(address(&tools)));
                if idle.len() > 2 * CLIENTS {
                    idle.pop_front();
                }
                opened.fetch_add(1, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(1));
            }
        });
        while opened.load(Ordering::SeqCst) < 4 * CLIENTS {
            thread::yield_now();
        }
        let scraped = scope.spawn(|| assert_scraped_in_time(&tools)).join();
        is_done.store(true, Ordering::SeqCst);
        scraped.unwrap();
    });
}

#[test]
fn crowd_of_readers_receives_complete_pages() {
    let tools = tools();
    let _turn = record_large_page(&tools);
    let barrier = Barrier::new(40);
    thread::scope(|scope| {
        for _ in 0..40 {
            scope.spawn(|| {
                barrier.wait();
                let (head, page) = request(address(&tools), "GET /metrics");
                assert!(head.starts_with("http/1.1 200"), "{head}");
                assert_large_page_is_complete(&page);
            });
        }
    });
}

/// The first parts of a large page are sent before its length is known.
#[test]
fn large_page_is_complete_in_each_encoding() {
    let tools = tools();
    let _turn = record_large_page(&tools);
    let get = |headers: &str| {
        let request = format!("GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
        request_bytes(address(&tools), &request)
    };
    let (head, plain) = get("");
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    assert_large_page_is_complete(std::str::from_utf8(&plain).unwrap());
    let (head, compressed) = get("accept-encoding: gzip\r\n");
    assert!(head.contains("content-encoding: gzip"), "{head}");
    let mut page = String::new();
    flate2::read::GzDecoder::new(&*compressed).read_to_string(&mut page).unwrap();
    assert_large_page_is_complete(&page);

    let old = request_bytes(address(&tools), "GET /metrics HTTP/1.0\r\n\r\n");
    assert!(!old.0.contains("transfer-encoding"), "{}", old.0);
    assert_large_page_is_complete(std::str::from_utf8(&old.1).unwrap());
    let (head, empty) = request(address(&tools), "HEAD /metrics");
    assert!(head.starts_with("http/1.1 200") && empty.is_empty(), "{head}");
}

/// Each of these clients has a page of its own, since none waits for another.
#[test]
fn large_page_has_a_length_for_clients_that_know_no_chunks() {
    let tools = tools();
    let _turn = record_large_page(&tools);
    let request = "GET /metrics HTTP/1.0\r\nconnection: keep-alive\r\n\r\nGET /none HTTP/1.0\r\n\r\n";
    let (head, mut body) = request_bytes(address(&tools), request);
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let next = body.split_off(length.expect(&head).parse().unwrap());
    assert_large_page_is_complete(&String::from_utf8(body).unwrap());
    assert!(next.starts_with(b"HTTP/1.0 404"), "the connection serves another request");
}

#[test]
fn readers_at_their_own_pace_receive_complete_pages() {
    let tools = tools();
    let _turn = record_large_page(&tools);
    let begun = AtomicUsize::new(0);
    thread::scope(|scope| {
        for number in 0..24 {
            let (tools, begun) = (&tools, &begun);
            scope.spawn(move || {
                let mut client = TcpStream::connect(address(tools)).unwrap();
                client.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
                let mut received = vec![0; 1024];
                client.read_exact(&mut received).unwrap();
                begun.fetch_add(1, Ordering::SeqCst);
                let mut part = vec![0; 256 * 1024];
                loop {
                    let length = client.read(&mut part).unwrap();
                    received.extend_from_slice(&part[..length]);
                    if length == 0 {
                        break;
                    }
                    thread::sleep(Duration::from_millis(10));
                }
                let (_, page) = response(&*received);
                assert_large_page_is_complete(&String::from_utf8(page).unwrap());
            });
            while begun.load(Ordering::SeqCst) < (number + 1).min(16) {
                thread::yield_now();
            }
        }
    });
}

#[test]
fn percent_encoded_path_is_equal_to_the_configured_one() {
    for (path, requested) in [
        ("/métrics", "/m%C3%A9trics"),
        ("/m{e}trics", "/m%7Be%7Dtrics"),
        ("/a\\b", "/a%5Cb"),
        ("/\"x\"", "/%22x%22"),
        ("/a%20b", "/a%20b"),
        // Prometheus encodes the path again.
        ("/a%20b", "/a%2520b"),
        ("/metrics", "/%6detrics"),
    ] {
        let tools = builder().service_name("shop").prometheus_port(0).set("prometheus.path", path);
        let tools = tools.build().unwrap();
        let (head, page) = request(address(&tools), &format!("GET {requested}"));
        assert!(head.starts_with("http/1.1 200"), "{path} {requested}\n{head}\n{page}");
        let (head, _) = request(address(&tools), "GET /other");
        assert!(head.starts_with("http/1.1 404"), "{path}\n{head}");
    }
}

#[test]
fn clients_that_never_read_delay_no_scrape() {
    let tools = tools();
    let _turn = record_large_page(&tools);
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
