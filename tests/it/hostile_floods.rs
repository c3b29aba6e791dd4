//! Servers that keep the client busy: floods, stalled handshakes, and their effect on others.
#![cfg(unix)]

use std::{
    fmt::Write as _,
    io::Write as _,
    net::TcpListener,
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use autotelemetry::{Signal, prelude::*};
use test_support::{
    builder,
    export_outcome::observe,
    hostile::{HostileServer, Security},
    mock_collector::MockCollector,
    with_file,
};

const INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Returns a server that answers each request with interim responses without end.
fn interim_flood(security: Security) -> HostileServer {
    HostileServer::start(security, |peer| {
        peer.read_request()?;
        peer.flood(INTERIM)
    })
}

#[test]
fn interim_responses_are_bounded() {
    for security in Security::ALL {
        let server = interim_flood(security);
        let observed = observe(&server.url(), "http/protobuf", &[("OTEL_EXPORTER_OTLP_TIMEOUT", "20000")]);
        println!("{security:?}: {} KiB, {}", observed.memory >> 10, observed.text());
        observed.assert_counts(0, 10);
        observed.assert_memory(8);
        assert_eq!(server.requests(), 1);
        let reason = "sent an invalid response (more than 256 KiB or 64 interim responses without a complete response)";
        assert!(observed.stderr.contains(reason), "{observed:#?}");
    }
    // A few of them are no reason to give up.
    for interim in [INTERIM, b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"] {
        let response = [&interim.repeat(20)[..], b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"].concat();
        let server = HostileServer::answering(Security::Plain, response);
        observe(&server.url(), "http/protobuf", &[]).assert_counts(10, 0);
        assert_eq!(server.requests(), 1);
    }
}

#[test]
fn interim_responses_are_counted_per_request() {
    const CONCURRENT: usize = 8;
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let (is_first, all) = (AtomicBool::new(true), Barrier::new(CONCURRENT));
    let server = HostileServer::start(Security::Plain, move |peer| {
        loop {
            peer.read_request()?;
            if !is_first.swap(false, Ordering::SeqCst) {
                peer.write_all(&INTERIM.repeat(20))?;
                // The client has all interim responses before the first request ends.
                std::thread::sleep(Duration::from_millis(300));
                all.wait();
            }
            peer.write_all(answer)?;
        }
    });
    let tools = builder().service_name("x").set("traces.exporters", "otlp").set("logs.exporters", "none");
    let tools = tools.set("metrics.exporters", "none").set("otlp.endpoint", server.url());
    let tools = tools.set("traces.batch.max_export_batch_size", "1").build().unwrap();
    let span = || drop(tools.tracer("x").start_as_current_span("work"));
    span();
    tools.force_flush().unwrap();
    (0..CONCURRENT).for_each(|_| span());
    tools.shutdown().unwrap();
    assert_eq!(tools.stats().exporter(Signal::Traces, "otlp").unwrap().exported(), 1 + CONCURRENT as u64);
}

#[test]
fn endless_heads_are_bounded() {
    let floods: [(&str, &[u8], &[u8]); 6] = [
        ("one header", b"HTTP/1.1 200 OK\r\nx: ", b"xxxxxxxx"),
        ("many headers", b"HTTP/1.1 200 OK\r\n", b"x: y\r\n"),
        ("reason", b"HTTP/1.1 200 ", b"very "),
        ("chunk extension", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;", b"x=y;"),
        ("trailers", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n", b"x: y\r\n"),
        ("tiny chunks", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"2\r\n{ \r\n"),
    ];
    for (name, head, part) in floods {
        for security in Security::ALL {
            let server = HostileServer::start(security, move |peer| {
                peer.read_request()?;
                peer.write_all(head)?;
                peer.flood(part)
            });
            let observed =
                observe(&server.url(), "http/protobuf", &[("OTEL_EXPORTER_OTLP_TIMEOUT", "20000")]);
            println!("{name}, {security:?}: {} KiB, {}", observed.memory >> 10, observed.text());
            observed.assert_counts(0, 10);
            observed.assert_memory(8);
            assert!(!observed.text().contains("no response within"), "it ends by itself: {observed:#?}");
            assert!(!observed.text().contains("grpc"), "{observed:#?}");
            assert_eq!(server.requests(), 1, "the server may have accepted the items: {observed:#?}");
            assert!(observed.text().contains("invalid response"), "{observed:#?}");
        }
    }
}

#[test]
fn flood_delays_neither_other_destinations_nor_scrapes() {
    let floods = [Security::Plain, Security::Tls, Security::Plain, Security::Plain].map(interim_flood);
    let mock = MockCollector::start();
    let mut text = "service.name = \"x\"\nlogs.exporters = []\nmetrics.exporters = [\"prometheus\"]\n\
                    traces.batch.schedule_delay = \"10ms\"\ntraces.batch.max_export_batch_size = 1\n\
                    traces.exporters = [\"good\", \"f0\", \"f1\", \"f2\", \"f3\"]\nprometheus.port = 0\n\
                    diagnostics.level = \"off\"\n"
        .to_owned();
    for (index, flood) in floods.iter().enumerate() {
        let url = flood.url();
        let _ = writeln!(text, "[exporters.f{index}]\nendpoint = \"{url}\"\ntimeout = \"60s\"");
        if url.starts_with("https") {
            let _ = writeln!(text, "tls.ca_file = \"{}\"", test_support::hostile::ca_file());
        }
    }
    let _ = writeln!(text, "[exporters.good]\nendpoint = \"{}\"", mock.url());
    let (builder, _directory) = with_file(&text, &[]);
    let tools = builder.build().unwrap();
    tools.meter("x").u64_counter("things").build().add(1, &[]);
    for _ in 0..20 {
        drop(tools.tracer("x").start_as_current_span("work"));
    }
    let slowest = (0..20)
        .map(|_| {
            let start = Instant::now();
            let (head, body) =
                test_support::http::request(tools.prometheus_address().unwrap(), "GET /metrics");
            assert!(head.starts_with("http/1.1 200") && body.contains("things"), "{head}{body}");
            start.elapsed()
        })
        .max()
        .unwrap();
    println!("slowest scrape: {slowest:?}");
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    mock.wait(|received| received.len() >= 20);
    let start = Instant::now();
    tools.shutdown().unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    let stats = tools.stats();
    for (exporter, exported) in [("good", 20), ("f0", 0), ("f1", 0), ("f2", 0), ("f3", 0)] {
        let stats = stats.exporter(Signal::Traces, exporter).unwrap();
        let counts = (stats.emitted(), stats.exported(), stats.failed() + stats.dropped(), stats.queued());
        assert_eq!(counts, (20, exported, 20 - exported, 0), "{stats:?}");
    }
}

#[test]
fn stalled_and_endless_handshakes_end_in_time() {
    // The system accepts connections, and nothing follows.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("https://{}", silent.local_addr().unwrap());
    // Handshake records without end, and one byte at a time.
    let record = [&[22, 3, 3, 0x40, 0, 2, 0xff, 0xff, 0xff][..], &[0; 0x3ffc]].concat();
    let endless = HostileServer::start(Security::Plain, move |peer| peer.flood(&record));
    let trickle = HostileServer::start(Security::Plain, |peer| {
        for byte in [22, 3, 3, 0x40, 0].into_iter().chain(std::iter::repeat(0)) {
            peer.write_all(&[byte])?;
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    });
    let secure = |server: &HostileServer| server.url().replace("http://", "https://");
    for url in [silent, secure(&endless), secure(&trickle)] {
        for protocol in ["http/protobuf", "grpc"] {
            let start = Instant::now();
            let observed = observe(&url, protocol, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "1000")]);
            println!("{} KiB, {}", observed.memory >> 10, observed.text());
            assert!(start.elapsed() < Duration::from_secs(12), "{:?}", start.elapsed());
            observed.assert_counts(0, 10);
            observed.assert_memory(8);
        }
    }
}

#[test]
fn flood_on_an_idle_connection_ends() {
    // After a response, the server writes without end while the connection is idle.
    let server = HostileServer::start(Security::Plain, |peer| {
        peer.read_request()?;
        peer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
        peer.flood(INTERIM)
    });
    let observed = observe(&server.url(), "http/protobuf", &[("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "5")]);
    println!("{}", observed.text());
    // The second batch needs another connection, except if it is sent before the flood arrives.
    let failed = if server.connections() == 1 { 5 } else { 0 };
    observed.assert_counts(10 - failed, failed);
    observed.assert_memory(8);
}
