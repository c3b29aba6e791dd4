//! Failed exports to real servers: a Collector, and nginx as a proxy.
#![cfg(unix)]

use std::{
    thread,
    time::{Duration, Instant},
};

use test_support::{
    certificates::Authority,
    child::Stats,
    collector::{Collector, sections},
    export_outcome::{
        Outcome::{Lost, Wait},
        check, child,
    },
    mock_collector::MockCollector,
    nginx::Nginx,
    require,
};

const PROTOCOLS: [&str; 2] = ["grpc", "http/protobuf"];

#[test]
fn wrong_port_of_a_collector_is_retried_with_a_hint() {
    require!(Collector, Openssl);
    let collector = Collector::start();
    let (grpc, http) = (collector.url("grpc"), collector.url("http"));
    let (not_grpc, not_http) = ("the endpoint does not speak gRPC", "the endpoint does not speak HTTP/1.1");
    let line = |what: &str, help: &str| format!("cannot reach {{}} ({what}; {help})");
    // The server may close the connection before its response is read.
    let hangs_up = "connection closed before a response; the server may require https://";
    let is_http = "use the gRPC port of the receiver, or set the protocol to http/protobuf";
    check_any(&http, "grpc", &[line(not_grpc, is_http), line(hangs_up, is_http)]);
    check_any(
        &grpc,
        "http/protobuf",
        &[line(not_http, "use the HTTP port of the receiver, or set the protocol to grpc")],
    );
    #[cfg(feature = "tls")]
    for (url, protocol) in [(&grpc, "grpc"), (&http, "http/protobuf")] {
        let what = "the endpoint does not speak TLS";
        let line = line(what, "use an http:// endpoint for a receiver without TLS");
        check(&url.replace("http:", "https:"), protocol, Wait, &line, what);
    }
}

/// Exports ten spans that stay queued, and asserts that one of `lines` is reported. See [`check`].
fn check_any(url: &str, protocol: &str, lines: &[String]) {
    let mut child = child(url, protocol, &[]);
    child.call("emit 10");
    let place = url.split("://").nth(1).unwrap();
    let stderr = child.wait_stderr(", will keep trying; 10 spans waiting\n");
    println!("{protocol}: {stderr}");
    let is_said =
        |line: &String| stderr.starts_with(&format!("autotelemetry: {},", line.replace("{}", place)));
    assert!(lines.iter().any(is_said), "{stderr}");
    let stats = child.stats("traces");
    assert_eq!((stats.get("queued"), stats.get("failed")), (10, 0), "{stats:?}");
    child.call("shutdown");
    let stderr = child.wait_stderr("shutdown: lost 10 of 10 spans");
    assert_eq!(stderr.lines().count(), 2, "{stderr}");
}

#[test]
fn plain_connection_to_a_tls_port_is_explained() {
    require!(Collector, Openssl);
    let directory = tempfile::tempdir().unwrap();
    let (certificate, key) = Authority::new(directory.path(), "authority").issue("server");
    let collector = Collector::start_tls(&certificate, &key);
    let hangs_up = "connection closed before a response; the server may require https://";
    let line = format!(
        "cannot reach {{}} ({hangs_up}; use the gRPC port of the receiver, or set the protocol to http/protobuf)"
    );
    check(&collector.url("grpc"), "grpc", Wait, &line, hangs_up);
    let answer = "returned 400 Bad Request: Client sent an HTTP request to an HTTPS server.";
    let reason = format!("the server {answer}");
    check(&collector.url("http/protobuf"), "http/protobuf", Lost, &format!("{{}} {answer}"), &reason);
}

/// The proxy itself responds, for both protocols.
#[test]
fn proxy_statuses_decide_between_retry_and_loss() {
    require!(Nginx);
    let servers = [
        "return 401;",
        "return 403;",
        "return 404;",
        "return 413;",
        "add_header Retry-After 1 always; return 429;",
        "return 503;",
        "location / { UPSTREAM; }",
    ];
    let credentials = " (check the credentials in `headers`)";
    let path = " (check the path of the endpoint and that the receiver accepts this signal)";
    let size = " (reduce max_export_batch_size, or raise the size limit of the receiver)";
    let expected = [
        (Lost, "401 Unauthorized", credentials),
        (Lost, "403 Forbidden", credentials),
        (Lost, "404 Not Found", path),
        (Lost, "413 Payload Too Large", size),
        (Wait, "429 Too Many Requests", ""),
        (Wait, "503 Service Unavailable", ""),
        (Wait, "502 Bad Gateway", ""),
    ];
    for (protocol, upstream) in
        PROTOCOLS.into_iter().zip(["grpc_pass 127.0.0.1:1", "proxy_pass http://127.0.0.1:1"])
    {
        let servers = servers.map(|server| server.replace("UPSTREAM", upstream));
        let nginx = Nginx::start("", &servers.each_ref().map(String::as_str), protocol == "grpc");
        for (index, (outcome, status, help)) in expected.iter().enumerate() {
            let line = format!("{{}} returned {status}{help}");
            check(&nginx.url(index), protocol, *outcome, &line, &format!("the server returned {status}"));
        }
    }
}

fn passing(collector: &Collector, protocol: &str) -> String {
    let to = collector.url(protocol).replace("http://", "");
    if protocol == "grpc" { format!("grpc_pass {to}") } else { format!("proxy_pass http://{to}") }
}

#[test]
fn proxy_limits_and_restarts_are_handled() {
    require!(Collector, Nginx);
    let mut collector = Collector::start();
    for protocol in PROTOCOLS {
        let pass = passing(&collector, protocol);
        let small_server = format!("client_max_body_size 4k; location / {{ {pass}; }}");
        let limited_server =
            format!("add_header Retry-After 1 always; location / {{ limit_req zone=slow; {pass}; }}");
        let plain = format!("location / {{ {pass}; }}");
        let fickle_server = format!("keepalive_requests 3; location / {{ {pass}; }}");
        let zone = "limit_req_zone $server_port zone=slow:1m rate=1r/s; limit_req_status 429;";
        let nginx =
            Nginx::start(zone, &[&plain, &small_server, &limited_server, &fickle_server], protocol == "grpc");

        // Small batches pass, large ones do not.
        let url = nginx.url(1);
        let mut small = child(&url, protocol, &[]);
        small.call("emit 10");
        small.wait_stats("traces", |stats| stats.get("exported") == 10);
        small.call("emit 500");
        let stderr = small.wait_stderr("spans lost\n");
        println!("{protocol}: {stderr}");
        let stats = small.wait_stats("traces", |stats| stats.get("queued") == 0);
        assert!(stderr.contains("returned 413 Payload Too Large (reduce max_export_batch_size"), "{stderr}");
        assert!(stats.adds_up() && stats.get("failed") > 0, "{stats:?}");

        // A limited client retries after the requested delay.
        let mut limited = child(&nginx.url(2), protocol, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "10000")]);
        let start = Instant::now();
        for _ in 0..3 {
            limited.call("emit 10");
            let until = |stats: &Stats| stats.get("queued") == 0;
            limited.wait_stats("traces", until);
        }
        let took = start.elapsed();
        let stderr = limited.wait_stderr("recovered");
        println!("{protocol}, in {took:?}: {stderr}");
        assert!(
            stderr.contains("returned 429 Too Many Requests, will keep trying; 10 spans waiting\n"),
            "{stderr}"
        );
        assert!(took > Duration::from_millis(1500), "{took:?}");
        assert_eq!(limited.stats("traces").get("exported"), 30);

        // A connection that is closed after some requests is not reported.
        let mut fickle = child(&nginx.url(3), protocol, &[]);
        for sent in 1..=20 {
            fickle.call("emit 1");
            fickle.wait_stats("traces", |stats| stats.get("exported") == sent);
        }
        assert_eq!(fickle.stderr(), "", "{protocol}");

        // The Collector is killed and restarted.
        let mut child = child(&nginx.url(0), protocol, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "10000")]);
        collector.kill();
        child.call("emit 10");
        child.wait_stderr("returned 502 Bad Gateway, will keep trying; 10 spans waiting\n");
        collector.restart();
        let stderr = child.wait_stderr("recovered");
        assert!(stderr.ends_with("s, nothing lost\n"), "{stderr}");
        assert_eq!(child.call("shutdown"), "Ok(())");
        assert_eq!(child.stats("traces").get("exported"), 10);
        collector.wait(|text| sections(text, "Span").len() == 10);
    }
}

/// The response takes longer than half of the timeout, the limit for a connection.
#[test]
fn slow_response_within_the_timeout_is_accepted() {
    require!(Collector);
    let mock = MockCollector::start_counting();
    mock.set_delay(Duration::from_millis(700));
    let collector = Collector::forwarding_to(&mock);
    for protocol in PROTOCOLS {
        let timeout = [("OTEL_EXPORTER_OTLP_TIMEOUT", "1000")];
        let mut child = child(&collector.url(protocol), protocol, &timeout);
        child.call("emit 10");
        assert_eq!(child.call("shutdown"), "Ok(())", "{protocol}");
        assert_eq!(child.stderr(), "", "{protocol}");
    }
    assert_eq!(mock.occurrences().spans, [2; 10], "once by each protocol");
}

#[test]
fn collector_restart_is_reported_without_loss() {
    require!(Collector);
    let mut collector = Collector::start();
    for protocol in PROTOCOLS {
        let mut child = child(&collector.url(protocol), protocol, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "10000")]);
        child.call("emit 10");
        child.wait_stats("traces", |stats| stats.get("exported") == 10);
        collector.kill();
        child.call("emit 10");
        child.wait_stderr("will keep trying; 10 spans waiting\n");
        // Long enough for a visible outage.
        thread::sleep(Duration::from_millis(300));
        collector.restart();
        let stderr = child.wait_stderr("recovered");
        println!("{protocol}: {stderr}");
        assert!(stderr.ends_with("s, nothing lost\n"), "{stderr}");
        assert_eq!(child.call("shutdown"), "Ok(())");
    }
}
