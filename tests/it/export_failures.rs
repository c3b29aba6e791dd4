//! Each way an export can fail: what is said about it, what is counted, and whether it is tried again.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and tells what it saw")]

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use crate::support::{
    TIMEOUT,
    collector::{Collector, sections},
    nginx::Nginx,
    sink::{Reply, Sink},
    subject::{Account, Subject},
};
use prost::Message as _;

const PROTOCOLS: [&str; 2] = ["grpc", "http/protobuf"];

/// A program that exports spans to `url`, soon.
fn subject(url: &str, protocol: &str, more: &[(&str, &str)]) -> Subject {
    let mut variables = vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "600"),
        ("OTEL_BSP_SCHEDULE_DELAY", "20"),
        ("OTEL_LOGS_EXPORTER", "none"),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("AUTOTEL_SHUTDOWN_TIMEOUT", "1s"),
    ];
    variables.extend(more);
    Subject::start(&variables)
}

/// What becomes of ten spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// They wait.
    Wait,
    /// They are lost at once.
    Lost,
}

use Fate::{Lost, Wait};

/// Ten spans for `url` meet `fate`; the first line says `line`, where `{}` stands for the host and port, and the reason in the
/// numbers begins with `reason`.
fn check(url: &str, protocol: &str, fate: Fate, line: &str, reason: &str) {
    let place = url.split("://").nth(1).unwrap();
    let ending = if fate == Wait { ", will keep trying; 10 spans waiting" } else { "; 10 spans lost" };
    let line = format!("autotelemetry: {}{ending}\n", line.replace("{}", place));
    let mut subject = subject(url, protocol, &[]);
    subject.tell("emit 10");
    let said = subject.wait_said(&line);
    println!("{protocol}: {said}");
    let (failed, queued) = if fate == Wait { (0, 10) } else { (10, 0) };
    let stats = subject.wait_for("traces", |stats| stats.get("queued") == queued);
    assert_eq!(stats.get("failed"), failed, "{stats:?}");
    let ended = subject.tell("shutdown");
    let stats = subject.stats("traces");
    assert!(stats.is_exact() && stats.get("failed") == 10 && stats.get("queued") == 0, "{stats:?}");
    assert!(stats.last_error().starts_with(reason), "{stats:?}");
    assert!(ended.contains("10 of 10 lost") && ended.contains(reason), "{ended}");
    let said = subject.wait_said("shutdown: lost 10 of 10 spans for ");
    assert!(said.matches("shutdown: lost").count() == 1 && said.lines().count() <= 3, "{said}");
}

#[test]
fn nobody_is_reached() {
    // Bound and not listened on: who tries is refused.
    let refusing = tokio::net::TcpSocket::new_v4().unwrap();
    refusing.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let refused = format!("http://{}", refusing.local_addr().unwrap());
    for protocol in PROTOCOLS {
        check(&refused, protocol, Wait, "cannot reach {} (connection refused)", "connection refused");
        // Nobody can have a connection to a group.
        let url = "http://224.0.0.1:4318";
        check(
            url,
            protocol,
            Wait,
            "cannot reach {} (Network is unreachable (os error 101))",
            "Network is unreachable",
        );
        let mut subject = subject("http://nonexistent.invalid:4318", protocol, &[]);
        subject.tell("emit 10");
        let said = subject
            .wait_said("cannot reach nonexistent.invalid:4318 (name not found: failed to lookup address");
        assert!(said.contains("will keep trying; 10 spans waiting\n"), "{said}");
    }
}

#[test]
fn nobody_answers() {
    // Connections are accepted by the system.
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", hole.local_addr().unwrap());
    // And here not even that any more.
    let (_full, address) = full_listener();
    let full = format!("http://{address}");
    for protocol in PROTOCOLS {
        check(&url, protocol, Lost, "{} timed out (no response within 600ms)", "no response within 600ms");
        let late = "timed out while connecting";
        check(&full, protocol, Wait, "cannot reach {} (timed out while connecting)", late);
    }
}

/// Listens, and has as many connections as it takes.
fn full_listener() -> ((tokio::runtime::Runtime, tokio::net::TcpListener, Vec<TcpStream>), SocketAddr) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = {
        let _inside = runtime.enter();
        socket.listen(1).unwrap()
    };
    let address = listener.local_addr().unwrap();
    let limit = Duration::from_millis(200);
    // Several times in a row, since a place may become free once more after it was refused.
    let mut streams = Vec::new();
    let mut refused = 0;
    while refused < 3 {
        match TcpStream::connect_timeout(&address, limit) {
            Ok(stream) => {
                streams.push(stream);
                refused = 0;
            }
            Err(_) => refused += 1,
        }
        assert!(streams.len() < 100, "the system accepts more than it was asked to");
    }
    ((runtime, listener, streams), address)
}

/// `google.rpc.Status` with a `RetryInfo`, by hand.
fn retry_info(seconds: i64) -> Vec<u8> {
    #[derive(Clone, PartialEq, prost::Message)]
    struct Whole {
        #[prost(int32, tag = "1")]
        code: i32,
        #[prost(message, repeated, tag = "3")]
        details: Vec<Any>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    struct Any {
        #[prost(string, tag = "1")]
        type_url: String,
        #[prost(bytes = "vec", tag = "2")]
        value: Vec<u8>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    struct RetryInfo {
        #[prost(message, optional, tag = "1")]
        delay: Option<Delay>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    struct Delay {
        #[prost(int64, tag = "1")]
        seconds: i64,
    }
    let info = RetryInfo { delay: Some(Delay { seconds }) };
    let detail =
        Any { type_url: "type.googleapis.com/google.rpc.RetryInfo".into(), value: info.encode_to_vec() };
    Whole { code: 8, details: vec![detail] }.encode_to_vec()
}

#[test]
fn statuses_of_grpc() {
    let sink = Sink::start();
    for (code, details, fate, line) in [
        (16, Vec::new(), Lost, "{} returned Unauthenticated: says who (check the credentials in `headers`)"),
        (7, Vec::new(), Lost, "{} returned PermissionDenied: says who (check the credentials in `headers`)"),
        (14, Vec::new(), Wait, "{} returned Unavailable: says who"),
        (8, retry_info(1), Wait, "{} returned ResourceExhausted: says who"),
        (
            8,
            Vec::new(),
            Lost,
            "{} returned ResourceExhausted: says who (reduce max_export_batch_size, or raise the size limit of the \
             receiver)",
        ),
        (
            12,
            Vec::new(),
            Lost,
            "{} returned Unimplemented: says who (check the path of the endpoint and that the receiver accepts this signal)",
        ),
        (3, Vec::new(), Lost, "{} returned InvalidArgument: says who"),
    ] {
        sink.always(Some(Reply::Grpc(code, "says who", details)));
        let reason = line.replace("{}", "the server").replace(" (", "\0");
        check(&sink.url(), "grpc", fate, line, reason.split('\0').next().unwrap());
    }
}

#[test]
fn a_server_says_when_to_come_back() {
    for (protocol, reply) in [
        ("grpc", Reply::Grpc(8, "slow down", retry_info(1))),
        ("grpc", Reply::Grpc(14, "slow down", retry_info(1))),
        ("http/protobuf", Reply::Http(429, &[("retry-after", "1")])),
        ("http/protobuf", Reply::Http(503, &[("retry-after", "1")])),
    ] {
        let sink = Sink::start();
        sink.reply([reply]);
        let mut subject = subject(&sink.url(), protocol, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "5000")]);
        subject.tell("emit 10");
        sink.wait(|received| received.len() == 1);
        let start = Instant::now();
        sink.wait(|received| received.len() == 2);
        let pause = start.elapsed();
        assert!((0.9..1.9).contains(&pause.as_secs_f64()), "{protocol}: {pause:?}");
        let said = subject.wait_said("recovered");
        assert!(said.ends_with("s, nothing lost\n"), "{said}");
        assert_eq!(subject.tell("shutdown"), "Ok(())");
        let stats = subject.stats("traces");
        assert!(stats.get("exported") == 10 && stats.is_exact(), "{stats:?}");
    }
}

#[test]
fn attempts_are_limited_where_that_is_wanted() {
    for protocol in PROTOCOLS {
        let sink = Sink::start();
        let place = sink.url().replace("http://", "");
        sink.always(Some(Reply::Http(503, &[("content-type", "text/plain")])));
        let retry =
            [("AUTOTEL_OTLP__RETRY__MAX_ATTEMPTS", "3"), ("AUTOTEL_OTLP__RETRY__INITIAL_BACKOFF", "20ms")];
        let mut subject = subject(&sink.url(), protocol, &retry);
        subject.tell("emit 10");
        subject.wait_said(&format!(
            "autotelemetry: {place} returned 503 Service Unavailable, will keep trying; 10 spans waiting\n"
        ));
        let stats = subject.wait_for("traces", |stats| stats.get("failed") == 10);
        assert_eq!(
            stats.last_error(),
            "the server returned 503 Service Unavailable; gave up after 3 attempts"
        );
        assert_eq!(sink.received().len(), 3);
    }
}

#[test]
fn a_part_is_refused() {
    // `partial_success { rejected_spans: 3, error_message: "too old" }`, and the same without rejected spans.
    let rejected = b"\x0a\x0b\x08\x03\x12\x07too old".to_vec();
    let remark = b"\x0a\x09\x12\x07too old".to_vec();
    for protocol in PROTOCOLS {
        let sink = Sink::start();
        let place = sink.url().replace("http://", "");
        sink.reply([Reply::Accepted(rejected.clone()), Reply::Accepted(remark.clone())]);
        let mut subject = subject(&sink.url(), protocol, &[]);
        subject.tell("emit 10");
        subject.wait_said(&format!(
            "autotelemetry: {place} rejected a part of the request: too old; 3 spans lost\n"
        ));
        subject.tell("emit 10");
        subject.wait_said(&format!("autotelemetry: warning from {place}: too old\n"));
        subject.tell("shutdown");
        let stats = subject.stats("traces");
        assert_eq!((stats.get("exported"), stats.get("failed")), (17, 3), "{stats:?}");
        assert_eq!(stats.last_error(), "rejected by the server: too old");
        assert_eq!(sink.received().len(), 2, "what was refused is not sent again");
        subject
            .wait_said(&format!("shutdown: lost 3 of 20 spans for {} (3 failed)\n", url_of(&sink, protocol)));
    }
}

fn url_of(sink: &Sink, protocol: &str) -> String {
    if protocol == "grpc" { sink.url() } else { format!("{}/v1/traces", sink.url()) }
}

#[test]
fn an_outage_ends() {
    for protocol in PROTOCOLS {
        let sink = Sink::start();
        let place = sink.url().replace("http://", "");
        sink.always(Some(Reply::Http(503, &[("content-type", "text/plain")])));
        let sizes = [("OTEL_BSP_MAX_QUEUE_SIZE", "8"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4")];
        let mut subject = subject(&sink.url(), protocol, &sizes);
        subject.tell("emit 4");
        subject.wait_said("will keep trying; 4 spans waiting\n");
        // Four are on their way and eight find a place.
        subject.tell("emit 20");
        let stats = subject.stats("traces");
        assert_eq!((stats.get("queued"), stats.get("queue_full")), (12, 12), "{stats:?}");
        sink.always(None);
        let said = subject.wait_said("recovered");
        assert!(said.contains(&format!("autotelemetry: {place} recovered after ")), "{said}");
        assert!(said.ends_with("s, 12 spans lost\n") && said.lines().count() == 2, "{said}");
        let stats = subject.wait_for("traces", |stats| stats.get("queued") == 0);
        assert_eq!((stats.get("exported"), stats.get("dropped")), (12, 12), "{stats:?}");
        subject.tell("shutdown");
        let said = subject.wait_said("shutdown: lost");
        let ending =
            format!("lost 12 of 24 spans for {} (12 dropped: queue full)\n", url_of(&sink, protocol));
        assert!(said.ends_with(&ending), "{said}");
    }
}

#[test]
fn a_queue_is_full_although_everything_arrives() {
    let sink = Sink::start();
    sink.delay(Duration::from_millis(500));
    let sizes = [
        ("OTEL_BSP_MAX_QUEUE_SIZE", "8"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4"),
        ("AUTOTEL_SHUTDOWN_TIMEOUT", "10s"),
    ];
    let mut subject = subject(&sink.url(), "grpc", &sizes);
    subject.tell("emit 4");
    sink.wait(|received| received.len() == 1);
    subject.tell("emit 20");
    let place = sink.url().replace("http://", "");
    // Later ones belong to the next line.
    subject.wait_said(&format!("autotelemetry: 1 span for {place} lost: the queue was full\n"));
    subject.tell("shutdown");
    let stats = subject.stats("traces");
    assert_eq!(
        (stats.get("exported"), stats.get("queue_full"), stats.get("failed")),
        (12, 12, 0),
        "{stats:?}"
    );
    assert_eq!(stats.last_error(), "the queue was full");
    let said = subject.wait_said("shutdown: lost 12 of 24 spans");
    assert_eq!(said.lines().count(), 2, "{said}");
}

/// `SECONDS=60` for as many as there are in a minute.
#[test]
fn a_flood_of_failures_is_a_few_lines() {
    let seconds = crate::support::program::count_of("SECONDS", 3);
    for (protocol, reply) in
        PROTOCOLS.into_iter().zip([Reply::Grpc(3, "no", Vec::new()), Reply::Http(400, &[])])
    {
        let sink = Sink::counting();
        sink.always(Some(reply));
        let sizes = [("OTEL_BSP_MAX_QUEUE_SIZE", "4"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1")];
        let mut subject = subject(&sink.url(), protocol, &sizes);
        subject.ask(&format!("load 5000 {seconds}"));
        subject.answer(Duration::from_secs(seconds) + TIMEOUT);
        subject.tell("shutdown");
        let stats = subject.stats("traces");
        let said = subject.wait_said("shutdown: lost");
        println!("{protocol}: {} failed, {} dropped:\n{said}", stats.get("failed"), stats.get("dropped"));
        assert!(stats.is_exact() && stats.get("exported") == 0, "{stats:?}");
        assert!(stats.get("failed") + stats.get("dropped") == stats.get("emitted"), "{stats:?}");
        assert!(stats.get("failed") > 100 * seconds, "fast enough to mean something: {stats:?}");
        // One of the cause, one of the queue, and the last; the first two once more after a minute.
        assert!(said.lines().count() <= 3 + 2 * usize::try_from(seconds / 60).unwrap(), "{said}");
    }
}

#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL) and openssl"]
fn the_wrong_port_of_a_collector() {
    let collector = Collector::start();
    let (grpc, http) = (collector.url("grpc"), collector.url("http"));
    let (not_grpc, not_http) = ("the endpoint does not speak gRPC", "the endpoint does not speak HTTP/1.1");
    let line = |what: &str, help: &str| format!("cannot reach {{}} ({what}; {help})");
    // It may hang up before what it says is read.
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

/// As [`check`] for spans that wait, where one of `lines` is said.
fn check_any(url: &str, protocol: &str, lines: &[String]) {
    let mut subject = subject(url, protocol, &[]);
    subject.tell("emit 10");
    let place = url.split("://").nth(1).unwrap();
    let said = subject.wait_said(", will keep trying; 10 spans waiting\n");
    println!("{protocol}: {said}");
    let is_said = |line: &String| said.starts_with(&format!("autotelemetry: {},", line.replace("{}", place)));
    assert!(lines.iter().any(is_said), "{said}");
    let stats = subject.stats("traces");
    assert_eq!((stats.get("queued"), stats.get("failed")), (10, 0), "{stats:?}");
    subject.tell("shutdown");
    let said = subject.wait_said("shutdown: lost 10 of 10 spans");
    assert_eq!(said.lines().count(), 2, "{said}");
}

#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL) and openssl"]
fn a_port_with_tls_is_spoken_to_without() {
    let directory = tempfile::tempdir().unwrap();
    let script = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem \
                  -days 2 -subj /CN=localhost";
    let output = Command::new("sh").args(["-c", script]).current_dir(directory.path()).output().unwrap();
    assert!(output.status.success());
    let file = |name: &str| directory.path().join(name);
    let collector = Collector::start_tls(&file("cert.pem"), &file("key.pem"));
    let hangs_up = "connection closed before a response; the server may require https://";
    let line = format!(
        "cannot reach {{}} ({hangs_up}; use the gRPC port of the receiver, or set the protocol to http/protobuf)"
    );
    check(&collector.url("grpc"), "grpc", Wait, &line, hangs_up);
    let answer = "returned 400 Bad Request: Client sent an HTTP request to an HTTPS server.";
    let reason = format!("the server {answer}");
    check(&collector.url("http/protobuf"), "http/protobuf", Lost, &format!("{{}} {answer}"), &reason);
}

/// What a proxy answers by itself, for both protocols.
#[test]
#[ignore = "needs nginx"]
fn a_proxy_refuses() {
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
        for (index, (fate, status, help)) in expected.iter().enumerate() {
            let line = format!("{{}} returned {status}{help}");
            check(&nginx.url(index), protocol, *fate, &line, &format!("the server returned {status}"));
        }
    }
}

fn passing(collector: &Collector, protocol: &str) -> String {
    let to = collector.url(protocol).replace("http://", "");
    if protocol == "grpc" { format!("grpc_pass {to}") } else { format!("proxy_pass http://{to}") }
}

#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL) and nginx"]
fn a_proxy_in_front_of_a_collector() {
    let mut collector = Collector::start();
    for protocol in PROTOCOLS {
        let pass = passing(&collector, protocol);
        let small = format!("client_max_body_size 4k; location / {{ {pass}; }}");
        let limited =
            format!("add_header Retry-After 1 always; location / {{ limit_req zone=slow; {pass}; }}");
        let plain = format!("location / {{ {pass}; }}");
        let fickle = format!("keepalive_requests 3; location / {{ {pass}; }}");
        let zone = "limit_req_zone $server_port zone=slow:1m rate=1r/s; limit_req_status 429;";
        let nginx = Nginx::start(zone, &[&plain, &small, &limited, &fickle], protocol == "grpc");

        // Small batches pass, large ones do not.
        let url = nginx.url(1);
        let mut subject_of_small = subject(&url, protocol, &[]);
        subject_of_small.tell("emit 10");
        subject_of_small.wait_for("traces", |stats| stats.get("exported") == 10);
        subject_of_small.tell("emit 500");
        let said = subject_of_small.wait_said("spans lost\n");
        println!("{protocol}: {said}");
        let stats = subject_of_small.wait_for("traces", |stats| stats.get("queued") == 0);
        assert!(said.contains("returned 413 Payload Too Large (reduce max_export_batch_size"), "{said}");
        assert!(stats.is_exact() && stats.get("failed") > 0, "{stats:?}");

        // Who is too fast comes back when it is told to.
        let mut subject_of_limited =
            subject(&nginx.url(2), protocol, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "10000")]);
        let start = Instant::now();
        for _ in 0..3 {
            subject_of_limited.tell("emit 10");
            let until = |stats: &Account| stats.get("queued") == 0;
            subject_of_limited.wait_for("traces", until);
        }
        let took = start.elapsed();
        let said = subject_of_limited.wait_said("recovered");
        println!("{protocol}, in {took:?}: {said}");
        assert!(
            said.contains("returned 429 Too Many Requests, will keep trying; 10 spans waiting\n"),
            "{said}"
        );
        assert!(took > Duration::from_millis(1500), "{took:?}");
        assert_eq!(subject_of_limited.stats("traces").get("exported"), 30);

        // A connection that is closed after some requests is nothing to speak of.
        let mut subject_of_fickle = subject(&nginx.url(3), protocol, &[]);
        for sent in 1..=20 {
            subject_of_fickle.tell("emit 1");
            subject_of_fickle.wait_for("traces", |stats| stats.get("exported") == sent);
        }
        assert_eq!(subject_of_fickle.said(), "", "{protocol}");

        // The Collector goes and comes back.
        let mut subject = subject(&nginx.url(0), protocol, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "10000")]);
        collector.kill();
        subject.tell("emit 10");
        subject.wait_said("returned 502 Bad Gateway, will keep trying; 10 spans waiting\n");
        collector.restart();
        let said = subject.wait_said("recovered");
        assert!(said.ends_with("s, nothing lost\n"), "{said}");
        assert_eq!(subject.tell("shutdown"), "Ok(())");
        assert_eq!(subject.stats("traces").get("exported"), 10);
        collector.wait(|text| sections(text, "Span").len() == 10);
    }
}

/// Longer than half of the timeout, which is what a connection may take.
#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL)"]
fn an_answer_may_take_as_long_as_the_timeout() {
    let sink = Sink::counting();
    sink.delay(Duration::from_millis(700));
    let collector = Collector::before(&sink);
    for protocol in PROTOCOLS {
        let timeout = [("OTEL_EXPORTER_OTLP_TIMEOUT", "1000")];
        let mut subject = subject(&collector.url(protocol), protocol, &timeout);
        subject.tell("emit 10");
        assert_eq!(subject.tell("shutdown"), "Ok(())", "{protocol}");
        assert_eq!(subject.said(), "", "{protocol}");
    }
    assert_eq!(sink.numbers().spans, [2; 10], "once by each protocol");
}

#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL)"]
fn a_collector_goes_and_comes_back() {
    let mut collector = Collector::start();
    for protocol in PROTOCOLS {
        let mut subject =
            subject(&collector.url(protocol), protocol, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "10000")]);
        subject.tell("emit 10");
        subject.wait_for("traces", |stats| stats.get("exported") == 10);
        collector.kill();
        subject.tell("emit 10");
        subject.wait_said("will keep trying; 10 spans waiting\n");
        // Long enough that somebody who looks sees it.
        thread::sleep(Duration::from_millis(300));
        collector.restart();
        let said = subject.wait_said("recovered");
        println!("{protocol}: {said}");
        assert!(said.ends_with("s, nothing lost\n"), "{said}");
        assert_eq!(subject.tell("shutdown"), "Ok(())");
    }
}
