//! The effect of a reload on what OTLP exporters send, for each key of them.

use autotelemetry::{Signal, prelude::*};
use test_support::mock_collector::{MockCollector, Received};

use crate::reload::{Service, spans};

/// Returns a file whose spans and log records wait until a flush.
fn waiting(collector: &MockCollector, rest: &str) -> String {
    let url = collector.url();
    format!(
        "otlp.endpoint = \"{url}\"\ntraces.exporters = [\"otlp\"]\nlogs.exporters = [\"otlp\"]\n\
         metrics.exporters = []\n{rest}"
    )
}

/// Returns the table `batch` of spans and of log records.
fn batch(keys: &str) -> String {
    let delay = if keys.contains("schedule_delay") { "" } else { ", schedule_delay = \"1h\"" };
    format!("traces.batch = {{ {keys}{delay} }}\nlogs.batch = {{ {keys}{delay} }}\n")
}

const FEW: &str = "max_export_batch_size = 512";

/// Emits spans and log records, each with an attribute of this size.
fn emit(service: &Service, count: usize, size: usize) {
    let (tracer, logger) = (service.tools.tracer("shop"), service.tools.logger("shop"));
    for _ in 0..count {
        let attributes = [KeyValue::new("text", "x".repeat(size))];
        tracer.start_as_current_span("order").set_attributes(attributes.clone());
        logger.info("order", &attributes);
    }
}

fn of<'r>(received: &'r [Received], signal: &str) -> Vec<&'r Received> {
    received.iter().filter(|request| request.path.contains(signal)).collect()
}

/// Returns the number of requests for spans and for log records that send 200 kB of each.
fn requests(service: &Service, collector: &MockCollector) -> [usize; 2] {
    let before = collector.received().len();
    emit(service, 20, 10_000);
    service.tools.force_flush().unwrap();
    let received = &collector.received()[before..];
    ["traces", "logs"].map(|signal| of(received, signal).len())
}

fn queue_full(service: &Service) -> [u64; 2] {
    let stats = service.tools.stats();
    [Signal::Traces, Signal::Logs]
        .map(|signal| stats.exporter(signal, "otlp").unwrap().dropped_by_reason().queue_full())
}

#[test]
fn batches_and_requests_get_their_new_size() {
    let collector = MockCollector::start();
    let with = |rest: &str| waiting(&collector, rest);
    let service = Service::start(&with(&batch(FEW)));
    assert_eq!(requests(&service, &collector), [1, 1]);
    service.reload(&with(&batch("max_export_batch_size = 10")));
    assert_eq!(requests(&service, &collector), [2, 2]);
    service.reload(&with(&(batch(FEW) + "otlp.max_request_size = \"64kB\"")));
    let parts = requests(&service, &collector);
    assert!(parts.iter().all(|parts| *parts >= 4), "{parts:?}");
    service.reload(&with(&batch(FEW)));
    assert_eq!(requests(&service, &collector), [1, 1]);
    assert_eq!((collector.spans().len(), collector.logs().len()), (80, 80));
}

/// The collector does not answer, so that the queue fills.
#[test]
fn queue_gets_its_new_limits() {
    let collector = MockCollector::start();
    collector.set_delay(test_support::TIMEOUT);
    let with = |keys: &str| waiting(&collector, &batch(&format!("max_concurrent_exports = 1, {keys}")));
    let service = Service::start(&with(FEW));
    emit(&service, 100, 1000);
    assert_eq!(queue_full(&service), [0, 0]);
    service.reload(&with("max_queue_size = 50, max_export_batch_size = 50"));
    emit(&service, 200, 10);
    let by_items = queue_full(&service);
    assert!(by_items.iter().all(|dropped| *dropped > 0), "{by_items:?}");
    service.reload(&with("max_queue_size = 10000"));
    emit(&service, 100, 1000);
    assert_eq!(queue_full(&service), by_items, "there is room again");
    service.reload(&with("max_queue_size = 10000, max_queue_bytes = \"64kB\""));
    emit(&service, 100, 1000);
    let by_bytes = queue_full(&service);
    assert!(by_bytes[0] > by_items[0] && by_bytes[1] > by_items[1], "{by_bytes:?} {by_items:?}");
    shut_down_quickly(&service, &with(FEW));
}

/// Shortens the time of the shutdown, which the default of 10 seconds would exceed.
fn shut_down_quickly(service: &Service, text: &str) {
    service.reload(&format!("shutdown_timeout = \"100ms\"\n{text}"));
    let started = std::time::Instant::now();
    service.tools.shutdown().unwrap_err();
    assert!(started.elapsed().as_secs() < 9, "{:?}", started.elapsed());
}

#[test]
fn items_are_sent_after_the_new_delay() {
    let collector = MockCollector::start();
    let service = Service::start(&waiting(&collector, &batch("schedule_delay = \"1h\"")));
    emit(&service, 1, 1);
    service.reload(&waiting(&collector, &batch("schedule_delay = \"10ms\"")));
    emit(&service, 1, 1);
    collector.wait(|received| of(received, "traces").len() == 1 && of(received, "logs").len() == 1);
    assert_eq!((collector.spans().len(), collector.logs().len()), (2, 2));
}

#[test]
fn more_batches_are_sent_at_the_same_time() {
    let collector = MockCollector::start();
    let with = |at_once: u32| {
        let keys = format!("max_concurrent_exports = {at_once}, max_export_batch_size = 1");
        waiting(&collector, &batch(&keys)) + "otlp.timeout = \"1m\""
    };
    let service = Service::start(&with(1));
    // One batch at a time is sent until one has arrived.
    emit(&service, 1, 1);
    service.tools.force_flush().unwrap();
    collector.set_delay(2 * test_support::TIMEOUT);
    emit(&service, 10, 1);
    let sent = |received: &[Received], count: usize| {
        of(received, "traces").len() == count && of(received, "logs").len() == count
    };
    collector.wait(|received| sent(received, 2));
    service.reload(&with(3));
    emit(&service, 1, 1);
    collector.wait(|received| sent(received, 4));
    shut_down_quickly(&service, &with(3));
}

#[test]
fn export_ends_after_the_new_time() {
    let collector = MockCollector::start();
    collector.set_delay(3 * test_support::TIMEOUT);
    let with = |request: &str, export: &str| {
        waiting(&collector, &batch(&format!("export_timeout = \"{export}\"")))
            + &format!("otlp.timeout = \"{request}\"")
    };
    let failed = |service: &Service| {
        let stats = service.tools.stats();
        [Signal::Traces, Signal::Logs].map(|signal| stats.exporter(signal, "otlp").unwrap().failed())
    };
    // A flush lasts 10 seconds at most.
    for (request, export) in [("100ms", "1h"), ("1h", "100ms")] {
        let service = Service::start(&with("1h", "1h"));
        service.reload(&with(request, export));
        emit(&service, 1, 1);
        service.tools.force_flush().unwrap_err();
        assert_eq!(failed(&service), [1, 1], "{request} {export}");
    }
}

#[test]
fn push_of_metrics_has_the_new_interval_and_time() {
    let collector = MockCollector::start();
    let with = |metrics: &str| {
        format!(
            "otlp = {{ endpoint = \"{}\", timeout = \"1h\" }}\ntraces.exporters = []\nlogs.exporters = []\n\
             metrics = {{ exporters = [\"otlp\"], {metrics} }}",
            collector.url()
        )
    };
    let service = Service::start(&with("interval = \"1h\", timeout = \"1h\""));
    service.tools.meter("shop").u64_counter("orders").build().add(1, &[]);
    service.reload(&with("interval = \"100ms\", timeout = \"1h\""));
    collector.wait(|received| received.len() >= 2);
    service.reload(&with("interval = \"1h\", timeout = \"1h\""));
    collector.set_delay(3 * test_support::TIMEOUT);
    let failed = || service.tools.stats().exporter(Signal::Metrics, "otlp").unwrap().failed();
    assert_eq!(failed(), 0);
    service.reload(&with("interval = \"1h\", timeout = \"100ms\""));
    service.tools.force_flush().unwrap_err();
    assert!(failed() > 0);
}

/// A header, the compression, the protocol, of all signals, of one, and of another exporter.
#[test]
fn requests_follow() {
    let collector = MockCollector::start();
    let with = |otlp: &str| {
        format!(
            "otlp.endpoint = \"{0}\"\nexporters.second.endpoint = \"{0}/second\"\nmetrics.exporters = []\n\
             traces.exporters = [\"otlp\", \"second\"]\nlogs.exporters = [\"otlp\", \"second\"]\n{otlp}",
            collector.url()
        )
    };
    let service = Service::start(&with(""));
    let headers = |name: &str| {
        let before = collector.received().len();
        emit(&service, 1, 1);
        service.tools.force_flush().unwrap();
        let received = collector.received().split_off(before);
        ["/v1/traces", "/v1/logs", "/second/v1/traces", "/second/v1/logs"].map(|path| {
            let [request] = *received.iter().filter(|request| request.path == path).collect::<Vec<_>>()
            else {
                panic!("not one request to {path} in {received:#?}")
            };
            request.header(name).map(str::to_owned)
        })
    };
    let expect = |name: &str, expected: [Option<&str>; 4]| {
        assert_eq!(headers(name).each_ref().map(Option::as_deref), expected, "{name}");
    };
    expect("tenant", [None; 4]);
    service.reload(&with("otlp.headers = { tenant = \"a\" }"));
    expect("tenant", [Some("a"), Some("a"), None, None]);
    service.reload(&with("otlp.headers = { tenant = \"a\" }\notlp.logs.headers = { tenant = \"b\" }"));
    expect("tenant", [Some("a"), Some("b"), None, None]);
    service.reload(&with("exporters.second.headers = { tenant = \"c\" }"));
    expect("tenant", [None, None, Some("c"), Some("c")]);
    service.reload(&with("otlp.compression = \"gzip\""));
    expect("content-encoding", [Some("gzip"), Some("gzip"), None, None]);
    service.reload(&with("otlp.traces.compression = \"gzip\""));
    expect("content-encoding", [Some("gzip"), None, None, None]);
    service.reload(&with("exporters.second.compression = \"gzip\""));
    expect("content-encoding", [None, None, Some("gzip"), Some("gzip")]);
    let (json, protobuf) = (Some("application/json"), Some("application/x-protobuf"));
    expect("content-type", [protobuf; 4]);
    service.reload(&with("otlp.protocol = \"http/json\""));
    expect("content-type", [json, json, protobuf, protobuf]);
    service.reload(&with("otlp.traces.protocol = \"http/json\""));
    expect("content-type", [json, protobuf, protobuf, protobuf]);
    service.reload(&with("exporters.second.protocol = \"http/json\""));
    expect("content-type", [protobuf, protobuf, json, json]);
}

/// A response that is not read cannot tell that the span was rejected.
#[test]
fn responses_are_read_up_to_the_new_size() {
    let collector = MockCollector::start();
    let padding = "x".repeat(200_000);
    let body = format!("{{\"partialSuccess\":{{\"rejectedSpans\":\"1\",\"errorMessage\":\"{padding}\"}}}}");
    collector.set_body(body.leak());
    let with = |rest: &str| {
        format!(
            "otlp = {{ endpoint = \"{}\", protocol = \"http/json\"{rest} }}\ntraces.exporters = [\"otlp\"]\n\
             logs.exporters = []\nmetrics.exporters = []\ndiagnostics.level = \"off\"",
            collector.url()
        )
    };
    let service = Service::start(&with(""));
    let rejected = || {
        spans(&service.tools, 1);
        let _ = service.tools.force_flush();
        service.tools.stats().exporter(Signal::Traces, "otlp").unwrap().failed()
    };
    assert_eq!(rejected(), 1);
    service.reload(&with(", max_response_size = \"64kB\""));
    assert_eq!(rejected(), 1);
    service.reload(&with(", max_response_size = \"1MiB\""));
    assert_eq!(rejected(), 2);
}

#[test]
fn retries_follow() {
    let collector = MockCollector::start();
    let with = |retry: &str| {
        waiting(&collector, &batch(FEW)) + &format!("otlp.retry = {{ {retry} }}\ndiagnostics.level = \"off\"")
    };
    let service = Service::start(&with("initial_backoff = \"1h\", max_backoff = \"1h\""));
    // The number of requests for one item, and whether it is exported.
    let attempts = |failures: usize| {
        let before = collector.received().len();
        collector.fail_next(&vec![503; failures]);
        spans(&service.tools, 1);
        let is_exported = service.tools.force_flush().is_ok();
        (collector.received().len() - before, is_exported)
    };
    service.reload(&with("initial_backoff = \"10ms\", max_backoff = \"1h\""));
    assert_eq!(attempts(2), (3, true), "the first delay");
    service.reload(&with("initial_backoff = \"10ms\", max_backoff = \"10ms\""));
    // Without the maximum, the last delay would exceed the time of a flush.
    assert_eq!(attempts(14), (15, true));
    service.reload(&with("initial_backoff = \"10ms\", max_attempts = 2"));
    assert_eq!(attempts(2), (2, false));
}
