//! Failed exports: the report on standard error, the statistics, and whether the export is retried.
#![cfg(unix)]

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    time::{Duration, Instant},
};

use prost::Message as _;
use test_support::{
    export_outcome::{
        Outcome::{Lost, Wait},
        check, child,
    },
    mock_collector::{MockCollector, Reply},
    port::RefusingAddress,
};

const PROTOCOLS: [&str; 2] = ["grpc", "http/protobuf"];

#[test]
fn connection_refused_is_retried_and_counted() {
    let refusing = RefusingAddress::reserve();
    let refused = refusing.url();
    for protocol in PROTOCOLS {
        check(&refused, protocol, Wait, "cannot reach {} (connection refused)", "connection refused");
        // A multicast address accepts no connection.
        let url = "http://224.0.0.1:4318";
        check(
            url,
            protocol,
            Wait,
            "cannot reach {} (Network is unreachable (os error 101))",
            "Network is unreachable",
        );
        let mut child = child("http://nonexistent.invalid:4318", protocol, &[]);
        child.call("emit 10");
        let stderr = child
            .wait_stderr("cannot reach nonexistent.invalid:4318 (name not found: failed to lookup address");
        assert!(stderr.contains("will keep trying; 10 spans waiting\n"), "{stderr}");
    }
}

#[test]
fn missing_response_loses_the_batch_and_blocked_connect_retries() {
    // The system accepts connections, and no response follows.
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", hole.local_addr().unwrap());
    // A full backlog: the system accepts no connection.
    let (_full, address) = full_listener();
    let full = format!("http://{address}");
    for protocol in PROTOCOLS {
        check(&url, protocol, Lost, "{} timed out (no response within 600ms)", "no response within 600ms");
        let late = "timed out while connecting";
        check(&full, protocol, Wait, "cannot reach {} (timed out while connecting)", late);
    }
}

/// Returns a listener whose backlog is full.
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
    // Several attempts in a row, since a slot can become free after a refusal.
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

/// Encodes a `google.rpc.Status` with a `RetryInfo`.
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
fn grpc_statuses_decide_between_retry_and_loss() {
    let mock = MockCollector::start();
    for (code, details, outcome, line) in [
        (
            16,
            Vec::new(),
            Lost,
            "{} returned Unauthenticated: server message (check the credentials in `headers`)",
        ),
        (
            7,
            Vec::new(),
            Lost,
            "{} returned PermissionDenied: server message (check the credentials in `headers`)",
        ),
        (14, Vec::new(), Wait, "{} returned Unavailable: server message"),
        (8, retry_info(1), Wait, "{} returned ResourceExhausted: server message"),
        (
            8,
            Vec::new(),
            Lost,
            "{} returned ResourceExhausted: server message (reduce max_export_batch_size, or raise the size limit of the \
             receiver)",
        ),
        (
            12,
            Vec::new(),
            Lost,
            "{} returned Unimplemented: server message (check the path of the endpoint and that the receiver accepts this signal)",
        ),
        (3, Vec::new(), Lost, "{} returned InvalidArgument: server message"),
    ] {
        mock.reply_always(Some(Reply::Grpc(code, "server message", details)));
        let reason = line.replace("{}", "the server").replace(" (", "\0");
        check(&mock.url(), "grpc", outcome, line, reason.split('\0').next().unwrap());
    }
}

#[test]
fn retry_delay_of_the_server_is_respected() {
    for (protocol, reply) in [
        ("grpc", Reply::Grpc(8, "slow down", retry_info(1))),
        ("grpc", Reply::Grpc(14, "slow down", retry_info(1))),
        ("http/protobuf", Reply::Http(429, &[("retry-after", "1")])),
        ("http/protobuf", Reply::Http(503, &[("retry-after", "1")])),
    ] {
        let mock = MockCollector::start();
        mock.reply_next([reply]);
        let mut child = child(&mock.url(), protocol, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "5000")]);
        child.call("emit 10");
        mock.wait(|received| received.len() == 1);
        let start = Instant::now();
        mock.wait(|received| received.len() == 2);
        let pause = start.elapsed();
        assert!((0.9..1.9).contains(&pause.as_secs_f64()), "{protocol}: {pause:?}");
        let stderr = child.wait_stderr("recovered");
        assert!(stderr.ends_with("s, nothing lost\n"), "{stderr}");
        assert_eq!(child.call("shutdown"), "Ok(())");
        let stats = child.stats("traces");
        assert!(stats.get("exported") == 10 && stats.adds_up(), "{stats:?}");
    }
}

#[test]
fn max_attempts_ends_the_retries() {
    for protocol in PROTOCOLS {
        let mock = MockCollector::start();
        let place = mock.url().replace("http://", "");
        mock.reply_always(Some(Reply::Http(503, &[("content-type", "text/plain")])));
        let retry =
            [("AUTOTEL_OTLP__RETRY__MAX_ATTEMPTS", "3"), ("AUTOTEL_OTLP__RETRY__INITIAL_BACKOFF", "20ms")];
        let mut child = child(&mock.url(), protocol, &retry);
        child.call("emit 10");
        child.wait_stderr(&format!(
            "autotelemetry: {place} returned 503 Service Unavailable, will keep trying; 10 spans waiting\n"
        ));
        let stats = child.wait_stats("traces", |stats| stats.get("failed") == 10);
        assert_eq!(
            stats.last_error(),
            "the server returned 503 Service Unavailable; gave up after 3 attempts"
        );
        assert_eq!(mock.received().len(), 3);
    }
}

#[test]
fn partial_success_reports_rejected_spans() {
    // `partial_success { rejected_spans: 3, error_message: "too old" }`, and the same without
    // rejected spans.
    let rejected = b"\x0a\x0b\x08\x03\x12\x07too old".to_vec();
    let remark = b"\x0a\x09\x12\x07too old".to_vec();
    for protocol in PROTOCOLS {
        let mock = MockCollector::start();
        let place = mock.url().replace("http://", "");
        mock.reply_next([Reply::Accepted(rejected.clone()), Reply::Accepted(remark.clone())]);
        let mut child = child(&mock.url(), protocol, &[]);
        child.call("emit 10");
        child.wait_stderr(&format!(
            "autotelemetry: {place} rejected a part of the request: too old; 3 spans lost\n"
        ));
        child.call("emit 10");
        child.wait_stderr(&format!("autotelemetry: warning from {place}: too old\n"));
        child.call("shutdown");
        let stats = child.stats("traces");
        assert_eq!((stats.get("exported"), stats.get("failed")), (17, 3), "{stats:?}");
        assert_eq!(stats.last_error(), "rejected by the server: too old");
        assert_eq!(mock.received().len(), 2, "rejected items are not sent again");
        child.wait_stderr(&format!(
            "shutdown: lost 3 of 20 spans for {} (3 failed)\n",
            url_of(&mock, protocol)
        ));
    }
}

fn url_of(mock: &MockCollector, protocol: &str) -> String {
    if protocol == "grpc" { mock.url() } else { format!("{}/v1/traces", mock.url()) }
}

#[test]
fn recovery_reports_duration_and_losses() {
    for protocol in PROTOCOLS {
        let mock = MockCollector::start();
        let place = mock.url().replace("http://", "");
        mock.reply_always(Some(Reply::Http(503, &[("content-type", "text/plain")])));
        let sizes = [("OTEL_BSP_MAX_QUEUE_SIZE", "8"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4")];
        let mut child = child(&mock.url(), protocol, &sizes);
        child.call("emit 4");
        child.wait_stderr("will keep trying; 4 spans waiting\n");
        // Four are in flight and eight fit into the queue.
        child.call("emit 20");
        let stats = child.stats("traces");
        assert_eq!((stats.get("queued"), stats.get("queue_full")), (12, 12), "{stats:?}");
        mock.reply_always(None);
        let stderr = child.wait_stderr("recovered");
        assert!(stderr.contains(&format!("autotelemetry: {place} recovered after ")), "{stderr}");
        assert!(stderr.ends_with("s, 12 spans lost\n") && stderr.lines().count() == 2, "{stderr}");
        let stats = child.wait_stats("traces", |stats| stats.get("queued") == 0);
        assert_eq!((stats.get("exported"), stats.get("dropped")), (12, 12), "{stats:?}");
        child.call("shutdown");
        let stderr = child.wait_stderr("shutdown: lost");
        let ending =
            format!("lost 12 of 24 spans for {} (12 dropped: queue full)\n", url_of(&mock, protocol));
        assert!(stderr.ends_with(&ending), "{stderr}");
    }
}

#[test]
fn full_queue_without_errors_is_reported() {
    let mock = MockCollector::start();
    mock.set_delay(Duration::from_millis(500));
    let sizes = [
        ("OTEL_BSP_MAX_QUEUE_SIZE", "8"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4"),
        ("AUTOTEL_SHUTDOWN_TIMEOUT", "10s"),
    ];
    let mut child = child(&mock.url(), "grpc", &sizes);
    child.call("emit 4");
    mock.wait(|received| received.len() == 1);
    child.call("emit 20");
    let place = mock.url().replace("http://", "");
    // Later losses belong to the next report.
    child.wait_stderr(&format!("autotelemetry: 1 span for {place} lost: the queue was full\n"));
    child.call("shutdown");
    let stats = child.stats("traces");
    assert_eq!(
        (stats.get("exported"), stats.get("queue_full"), stats.get("failed")),
        (12, 12, 0),
        "{stats:?}"
    );
    assert_eq!(stats.last_error(), "the queue was full");
    let stderr = child.wait_stderr("shutdown: lost 12 of 24 spans");
    assert_eq!(stderr.lines().count(), 2, "{stderr}");
}
