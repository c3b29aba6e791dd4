//! The web service, seen by its clients and operators.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod service;

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    time::Instant,
};

use serde_json::{Value, json};
use service::Service;
use test_support::{
    TIMEOUT,
    collector::{Collector, field, sections},
    port::RefusingAddress,
    prometheus::Prometheus,
    require,
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

impl Service {
    fn get(&self, path: &str) -> impl Future<Output = (u16, Value)> + use<> {
        let request = reqwest::Client::new().get(format!("{}{path}", self.url));
        let request = request.header("traceparent", format!("00-{TRACE}-{CALLER}-01"));
        async {
            let response = request.send().await.unwrap();
            (response.status().as_u16(), response.json().await.unwrap())
        }
    }

    /// Ends the service and returns the rest of its lines. Its standard error is the start line
    /// alone.
    fn stop(self) -> Vec<Value> {
        let (lines, stderr) = self.stop_with_stderr();
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        lines
    }

    /// Ends the service and returns the rest of its lines, and its standard error.
    fn stop_with_stderr(mut self) -> (Vec<Value>, String) {
        let stderr = self.terminate();
        let lines = self.stdout.take().unwrap().lines();
        (lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect(), stderr)
    }
}

/// Returns the first line that has these members.
fn find<'l>(lines: &'l [Value], members: &Value) -> &'l Value {
    let has = |line: &&Value| members.as_object().unwrap().iter().all(|(name, value)| line[name] == *value);
    lines.iter().find(has).unwrap_or_else(|| panic!("{members} is not in {lines:#?}"))
}

#[tokio::test]
async fn console_shows_each_item() {
    let service = Service::start(None, &[]);
    assert_eq!(service.get("/api/data?page=2").await, (200, json!({ "items": [1, 2, 3] })));
    assert_eq!(service.get("/api/data?fail=true").await, (500, json!({ "error": "internal server error" })));
    let lines = service.stop();
    assert_eq!(lines.len(), 9, "{lines:#?}");

    for (query, status, code) in [("page=2", "ok", 200), ("fail=true", "error", 500)] {
        let logged = json!({ "http.method": "GET", "http.path": "/api/data", "http.query_params": query });
        let mut attributes = logged.clone();
        attributes["http.status_code"] = code.into();
        let span = find(&lines, &json!({ "span": "http_request", "status": status }));
        assert_eq!(span["attributes"], attributes);
        assert_eq!((&span["trace_id"], &span["parent_span_id"]), (&TRACE.into(), &CALLER.into()));
        assert_eq!(span["kind"], "server");
        let log = find(&lines, &json!({ "message": "request received", "attributes": logged }));
        assert_eq!((&log["trace_id"], &log["span_id"]), (&span["trace_id"], &span["span_id"]));
    }
    let span = find(&lines, &json!({ "span": "http_request", "status": "error" }));
    assert_eq!(span["status_description"], "the request wants a failure");
    assert_eq!(span["events"][0]["name"], "exception");
    assert_eq!(span["events"][0]["attributes"]["exception.message"], "the request wants a failure");
    let log = find(&lines, &json!({ "message": "request failed", "level": "ERROR" }));
    assert_eq!(log["span_id"], span["span_id"]);
    assert_eq!(log["attributes"]["http.query_params"], "fail=true");
    assert_eq!(log["attributes"]["exception.type"], "web_service::routes::Failure");
    assert_eq!(log["attributes"]["exception.message"], "the request wants a failure");

    let labels = json!({ "path": "/api/data", "method": "GET" });
    let requests = find(&lines, &json!({ "metric": "http.requests", "attributes": labels }));
    assert_eq!((&requests["value"], &requests["unit"]), (&2.into(), &"1".into()));
    let duration = find(&lines, &json!({ "metric": "http.duration", "attributes": labels }));
    assert_eq!((&duration["count"], &duration["unit"]), (&2.into(), &"ms".into()));
    find(&lines, &json!({ "message": "stopped" }));
}

#[tokio::test]
async fn unknown_route_is_not_an_error() {
    let service = Service::start(None, &[]);
    assert_eq!(reqwest::get(format!("{}/nowhere", service.url)).await.unwrap().status(), 404);
    let lines = service.stop();
    let span = find(&lines, &json!({ "span": "http_request" }));
    assert_eq!((&span["status"], &span["parent_span_id"]), (&"unset".into(), &Value::Null));
    find(&lines, &json!({ "metric": "http.requests", "attributes": { "path": "unknown", "method": "GET" } }));
}

#[tokio::test]
async fn trace_through_two_services_reaches_the_collector() {
    require!(Collector);
    let collector = Collector::start();
    let endpoint = collector.url("grpc");
    let variables = |name| {
        [
            ("AUTOTEL_PROFILE", "collector"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint),
            ("OTEL_SERVICE_NAME", name),
        ]
    };
    let back = Service::start(None, &variables("back"));
    let front = Service::start(Some(&back.url), &variables("front"));
    assert_eq!(front.get("/api/relay?page=2").await, (200, json!({ "items": [1, 2, 3] })));
    assert_eq!(front.get("/api/relay?fail=true").await.0, 500);
    front.stop();
    back.stop();

    // Both have succeeded, so everything was accepted; the Collector may still be printing.
    let output = collector.wait(|text| {
        sections(text, "Span").len() == 6
            && sections(text, "LogRecord").len() == 10
            && sections(text, "HistogramDataPoints").len() == 2
    });
    let spans = sections(&output, "Span");
    let children = |id: &str| -> Vec<&str> {
        spans.iter().copied().filter(|span| field(span, "Parent ID") == id).collect()
    };
    assert_eq!(children(CALLER).len(), 2);
    for front in children(CALLER) {
        let failed = front.contains("-> http.query_params: Str(fail=true)");
        let call = children(field(front, "ID"))[0];
        let back = children(field(call, "ID"))[0];
        for (span, name, kind, good) in [
            (front, "http_request", "Server", "Ok"),
            (call, "call_upstream", "Client", "Unset"),
            (back, "http_request", "Server", "Ok"),
        ] {
            assert_eq!((field(span, "Name"), field(span, "Kind")), (name, kind));
            assert_eq!(field(span, "Trace ID"), TRACE);
            assert_eq!(field(span, "Status code"), if failed { "Error" } else { good });
            assert_eq!(span.contains("-> Name: exception"), failed, "{span}");
        }
        assert!(front.contains("-> http.path: Str(/api/relay)"), "{front}");
        assert!(back.contains("-> http.path: Str(/api/data)"), "{back}");
        check_logs(&output, front, failed);
        check_logs(&output, back, failed);
    }
    for service in ["front", "back"] {
        assert_eq!(output.matches(&format!("-> service.name: Str({service})")).count(), 3, "each signal");
    }
    for (name, unit) in [("http.requests", "1"), ("http.failures", "1"), ("http.duration", "ms")] {
        assert!(output.contains(&format!("-> Name: {name}\n")), "{output}");
        assert!(output.contains(&format!("-> Unit: {unit}\n")), "{output}");
    }
    for path in ["/api/relay", "/api/data"] {
        let of_route = |section: &&&str| {
            section.contains(&format!("-> path: Str({path})")) && section.contains("-> method: Str(GET)")
        };
        let numbers = sections(&output, "NumberDataPoints");
        assert_eq!(field(numbers.iter().find(of_route).unwrap(), "Value"), "2");
        let histograms = sections(&output, "HistogramDataPoints");
        assert_eq!(field(histograms.iter().find(of_route).unwrap(), "Count"), "2");
    }
}

#[tokio::test]
async fn request_in_flight_at_shutdown_is_answered() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let service = Service::start(Some(&format!("http://{}", upstream.local_addr().unwrap())), &[]);
    let request = tokio::spawn(service.get("/api/relay"));
    // The request has arrived when the service calls upstream.
    let (mut upstream, _) = tokio::task::spawn_blocking(move || upstream.accept()).await.unwrap().unwrap();
    service.process.signal("TERM");
    // Shutdown has begun when the service accepts no connection.
    let address = service.url.strip_prefix("http://").unwrap();
    let deadline = Instant::now() + TIMEOUT;
    while TcpStream::connect(address).is_ok() {
        assert!(Instant::now() < deadline, "SIGTERM has no effect");
        tokio::task::yield_now().await;
    }
    upstream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ntrue").unwrap();
    assert_eq!(request.await.unwrap(), (200, json!(true)));

    let mut lines = service.stop();
    assert_eq!(find(&lines, &json!({ "span": "http_request" }))["status"], "ok");
    find(&lines, &json!({ "metric": "http.requests", "value": 1 }));
    lines.retain(|line| line["message"].is_string());
    let messages: Vec<_> = lines.iter().map(|line| &line["message"]).collect();
    assert_eq!(messages, ["request received", "stopped"]);
}

#[tokio::test]
async fn service_without_a_collector_serves_and_reports_losses() {
    let refusing = RefusingAddress::reserve();
    let endpoint = refusing.url();
    let variables = [("AUTOTEL_PROFILE", "collector"), ("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint)];
    let service = Service::start(None, &variables);
    assert_eq!(service.get("/api/data").await.0, 200);
    let (lines, stderr) = service.stop_with_stderr();
    find(&lines, &json!({ "message": "stopped" }));
    for lost in ["1 of 1 span", "3 of 3 log records", "3 of 3 data points"] {
        assert!(stderr.contains(lost), "{lost}: {stderr}");
    }
}

/// Asserts that a request has one log record, and one more if it failed, with the ids and
/// attributes of its span.
fn check_logs(output: &str, span: &str, failed: bool) {
    let mut logs = sections(output, "LogRecord");
    logs.retain(|log| log.contains(&format!("Span ID: {}", field(span, "ID"))));
    let bodies: Vec<_> = logs.iter().map(|log| field(log, "Body")).collect();
    let expected = ["Str(request received)", "Str(request failed)"];
    assert_eq!(bodies, expected[..=usize::from(failed)]);
    for log in &logs {
        assert_eq!(field(log, "Trace ID"), TRACE);
        for attribute in ["http.method", "http.path", "http.query_params"] {
            let line = |section: &str| field(section, &format!("-> {attribute}")).to_owned();
            assert_eq!(line(log), line(span));
        }
    }
    if failed {
        let message = |section: &str| field(section, "-> exception.message").to_owned();
        assert_eq!(message(logs[1]), message(span));
        assert_eq!(field(logs[1], "SeverityText"), "ERROR");
    }
}

/// Starts the service in the profile for Prometheus, and returns the URL of its page.
fn start_scraped() -> (Service, String) {
    let variables = [("AUTOTEL_PROFILE", "prometheus"), ("OTEL_EXPORTER_PROMETHEUS_PORT", "0")];
    let mut service = Service::start(None, &variables);
    let mut stderr = BufReader::new(service.process.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    let page = line.split(['(', ')']).find(|part| part.starts_with("http://")).unwrap();
    (service, page.to_owned())
}

#[tokio::test]
async fn prometheus_page_has_the_metrics() {
    let (service, page) = start_scraped();
    assert_eq!(service.get("/api/data?page=2").await.0, 200);
    assert_eq!(service.get("/api/data?fail=true").await.0, 500);

    let page = reqwest::get(page).await.unwrap().text().await.unwrap();
    let value = |name: &str| {
        let mut lines = page.lines().filter(|line| line.starts_with(name));
        let line = lines.find(|line| line.contains("path=\"/api/data\"") && line.contains("method=\"GET\""));
        line.unwrap_or_else(|| panic!("{name} is not in {page}")).rsplit(' ').next().unwrap()
    };
    assert_eq!(value("http_requests_total{"), "2");
    assert_eq!(value("http_duration_milliseconds_count{"), "2");
    assert!(page.contains("service_name=\"web_service\""), "{page}");
}

#[tokio::test]
async fn prometheus_scrapes_the_metrics() {
    require!(Prometheus);
    let (service, page) = start_scraped();
    let target = page.strip_prefix("http://").unwrap().strip_suffix("/metrics").unwrap();
    let prometheus = Prometheus::scrape("web_service", target);
    for path in ["/api/data?page=2", "/api/data?fail=true", "/api/relay?page=2"] {
        service.get(path).await;
    }
    // The route /api/relay calls /api/data.
    for (path, count) in [("/api/data", "3"), ("/api/relay", "1")] {
        for name in ["http_requests_total", "http_duration_milliseconds_count"] {
            let labels = prometheus.wait(&format!("{name}{{path=\"{path}\"}}"), count);
            let label = |name: &str| labels[name].as_str().unwrap();
            assert_eq!((label("method"), label("otel_scope_name")), ("GET", "web_service"));
            assert_eq!((label("job"), label("instance")), ("web_service", target));
        }
        let all = format!("http_duration_milliseconds_bucket{{path=\"{path}\",le=\"+Inf\"}}");
        prometheus.wait(&all, count);
    }
    let about = prometheus.wait("target_info", "1");
    assert_eq!((&about["service_name"], &about["service_version"]), (&"web_service".into(), &"0.1.0".into()));
}

#[tokio::test]
async fn page_is_a_route_of_the_service() {
    let service = Service::start(None, &[("AUTOTEL_PROFILE", "prometheus-route")]);
    assert_eq!(service.get("/api/data?page=2").await.0, 200);
    let get = |accept: &'static str| {
        let request = reqwest::Client::new().get(format!("{}/metrics", service.url));
        let request = request.header("accept", accept).header("accept-encoding", "gzip");
        async { request.send().await.unwrap() }
    };
    let response = get("application/openmetrics-text; version=1.0.0").await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-encoding"]),
        (200, &"gzip".parse().unwrap())
    );
    let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(content_type.starts_with("application/openmetrics-text; version=1.0.0"), "{content_type}");

    if test_support::programs::are_available(&[test_support::programs::Program::Prometheus]) {
        let target = service.url.strip_prefix("http://").unwrap();
        let prometheus = Prometheus::scrape("web_service", target);
        prometheus.wait("http_requests_total{path=\"/api/data\"}", "1");
    }
}

#[tokio::test]
async fn page_is_missing_without_the_exporter() {
    let service = Service::start(None, &[]);
    assert_eq!(reqwest::get(format!("{}/metrics", service.url)).await.unwrap().status().as_u16(), 404);
}
