//! Exports over OTLP: requests, headers and runtimes.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use autotelemetry::{ObservabilityTools, prelude::*};
use test_support::{builder, mock_collector::MockCollector, process, with_file};

pub(super) const PROTOCOLS: [&str; 3] = ["grpc", "http/protobuf", "http/json"];

/// Emits one span, one log record and one count.
pub(super) fn emit(tools: &ObservabilityTools) {
    let span = tools.tracer("test").start_as_current_span("work");
    tools.logger("test").info("hello", &[]);
    tools.meter("test").u64_counter("things").build().add(1, &[]);
    drop(span);
}

/// Returns a builder that exports all signals, if there is an endpoint.
pub(super) fn exporting() -> autotelemetry::Builder {
    builder().service_name("test").set("logs.exporters", "otlp")
}

#[test]
fn each_protocol_uses_its_path_and_encoding() {
    for (protocol, kind, path) in [
        ("grpc", "application/grpc", "/opentelemetry.proto.collector.trace.v1.TraceService/Export"),
        ("http/protobuf", "application/x-protobuf", "/v1/traces"),
        ("http/json", "application/json", "/v1/traces"),
    ] {
        for compression in ["none", "gzip"] {
            let mock = MockCollector::start();
            let tools = exporting()
                .otlp_endpoint(mock.url())
                .set("otlp.protocol", protocol)
                .set("otlp.compression", compression)
                .set("otlp.headers", "x-team=data")
                .build()
                .unwrap();
            emit(&tools);
            tools.shutdown().unwrap();
            let received = mock.received();
            assert_eq!(received.len(), 3, "{protocol}: {received:#?}");
            let traces = received.iter().find(|received| received.path == path).unwrap();
            assert_eq!(traces.header("content-type"), Some(kind));
            assert_eq!(traces.header("x-team"), Some("data"));
            assert!(traces.header("user-agent").unwrap().starts_with("autotelemetry/"));
            let encoding = traces.header("content-encoding").or(traces.header("grpc-encoding"));
            assert_eq!(encoding, (compression == "gzip").then_some("gzip"), "{protocol}");
            if protocol == "http/json" {
                let body: serde_json::Value = serde_json::from_slice(&traces.body).unwrap();
                assert_eq!(body["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"], "work");
                assert!(!traces.body.contains(&b'\n'), "JSON is not spread over lines");
            }
        }
    }
}

#[test]
fn headers_are_sent_only_to_their_destination() {
    let (vendor, own) = (MockCollector::start(), MockCollector::start());
    let text = format!(
        "[service]\nname = \"x\"\n[traces]\nexporters = [\"otlp\", \"vendor\"]\n[logs]\nexporters = [\"otlp\", \"vendor\"]\n\
         [otlp]\nendpoint = \"{}\"\nprotocol = \"grpc\"\n[otlp.headers]\nauthorization = \"own%20secret\"\n\
         [otlp.logs.headers]\nx-logs = \"1\"\n\
         [exporters.vendor]\nendpoint = \"{}\"\n[exporters.vendor.headers]\nx-vendor-key = \"vendor secret\"\n",
        own.url(),
        vendor.url()
    );
    let (builder, _directory) = with_file(&text, &[("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-otel=a%20b")]);
    let tools = builder.build().unwrap();
    emit(&tools);
    tools.shutdown().unwrap();
    for received in vendor.received() {
        assert_eq!(received.header("x-vendor-key"), Some("vendor secret"));
        assert_eq!(
            received.header("authorization").or(received.header("x-otel")).or(received.header("x-logs")),
            None
        );
    }
    let received = own.received();
    let traces = received.iter().find(|received| received.path.contains("Trace")).unwrap();
    assert_eq!(traces.header("x-otel"), Some("a b"), "decoded, as the specification says");
    assert_eq!(traces.header("authorization"), None, "a signal's headers replace the general ones");
    let logs = received.iter().find(|received| received.path.contains("Logs")).unwrap();
    assert_eq!((logs.header("x-logs"), logs.header("authorization")), (Some("1"), None));
    assert_eq!((vendor.spans().len(), own.spans().len()), (1, 1));
}

/// The SDK and its exporters also read the environment of the process. The child runs in one that
/// contradicts the configuration.
#[test]
fn configuration_overrides_variables_that_the_sdk_reads() {
    let mut program = process::function(module_path!(), "child_exports");
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=leaked,x-leak=1"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1"),
        ("OTEL_TRACES_SAMPLER", "always_off"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "1"),
        ("OTEL_BLRP_MAX_QUEUE_SIZE", "1"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "0"),
        ("OTEL_RESOURCE_ATTRIBUTES", "leaked=1"),
        ("OTEL_SERVICE_NAME", "leaked"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta"),
    ] {
        program.env(name, value);
    }
    process::run(program);
}

#[test]
#[ignore = "child process of other tests"]
fn child_exports() {
    for protocol in PROTOCOLS {
        let mock = MockCollector::start();
        let text = format!(
            "[service]\nname = \"own\"\n[otlp]\nendpoint = \"{}\"\nprotocol = \"{protocol}\"\ncompression = \"none\"\n\
             headers = {{ authorization = \"own\" }}\n[logs]\nexporters = [\"otlp\"]\n",
            mock.url()
        );
        // The injected environment is empty; only code that reads the process environment sees the
        // rest.
        let (builder, _directory) = with_file(&text, &[]);
        let tools = builder.build().unwrap();
        let tracer = tools.tracer("test");
        for index in 0..100 {
            let span = tracer.start_as_current_span("work");
            span.set_attribute(KeyValue::new("index", index));
        }
        emit(&tools);
        tools.shutdown().unwrap();
        for received in mock.received() {
            assert_eq!(received.header("authorization"), Some("own"), "{protocol}");
            assert_eq!(received.header("x-leak"), None, "{protocol}");
            assert_eq!(
                received.header("content-encoding").or(received.header("grpc-encoding")),
                None,
                "{protocol}"
            );
            let body = String::from_utf8_lossy(&received.body);
            assert!(body.contains("own") && !body.contains("leaked"), "{protocol}: {body}");
        }
        if protocol != "http/json" {
            let spans = mock.spans();
            assert_eq!(spans.len(), 101, "{protocol}");
            assert_eq!(spans[0].attributes.len(), 1, "{protocol}");
            assert!(
                format!("{:?}", mock.metrics()).contains("Cumulative")
                    || format!("{:?}", mock.metrics()).contains("aggregation_temporality: 2")
            );
        }
    }
}

#[test]
fn export_works_in_each_runtime_and_on_drop() {
    type Run = fn(Box<dyn FnOnce() + Send>);
    let runtimes: [(&str, Run); 4] = [
        ("none", |work| work()),
        ("current_thread", |work| {
            tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async { work() });
        }),
        ("one worker", |work| {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
            runtime.block_on(async { tokio::spawn(async { work() }).await.unwrap() });
        }),
        ("main of a multi-thread runtime", |work| {
            tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .build()
                .unwrap()
                .block_on(async { work() });
        }),
    ];
    for protocol in PROTOCOLS {
        for (name, run) in runtimes {
            for explicit in [true, false] {
                let mock = MockCollector::start();
                let url = mock.url();
                let start = Instant::now();
                run(Box::new(move || {
                    let tools =
                        exporting().otlp_endpoint(url).set("otlp.protocol", protocol).build().unwrap();
                    emit(&tools);
                    tools.force_flush().unwrap();
                    drop(tools.tracer("test").start_as_current_span("last"));
                    if explicit {
                        tools.shutdown().unwrap();
                    }
                }));
                let context = format!("{protocol}, {name}, explicit shutdown: {explicit}");
                // Three signals, then the last span and the metrics again.
                assert_eq!(mock.received().len(), 5, "{context}");
                assert!(start.elapsed() < Duration::from_secs(4), "{context}: {:?}", start.elapsed());
            }
        }
    }
}

#[test]
fn sampled_flag_is_propagated_without_exporters() {
    let tools = builder().service_name("x").set("traces.exporters", "none").build().unwrap();
    let headers = std::collections::HashMap::from([(
        "traceparent".to_owned(),
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned(),
    )]);
    let context = tools.propagator().extract(&headers);
    let _guard = context.attach();
    let span = tools.tracer("x").start_as_current_span("pass through");
    assert!(span.span_context().is_sampled());
    let mut outgoing = std::collections::HashMap::new();
    tools.propagator().inject_context(span.context(), &mut outgoing);
    assert!(outgoing["traceparent"].starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    assert!(outgoing["traceparent"].ends_with("-01"));
}

#[test]
fn concurrent_shutdowns_wait_for_the_same_end() {
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", hole.local_addr().unwrap());
    let tools = exporting().otlp_endpoint(url).set("shutdown_timeout", "300ms").build().unwrap();
    emit(&tools);
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(|| tools.shutdown())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(results[0].is_err() && results.iter().all(|result| *result == results[0]), "{results:?}");
    assert_eq!(tools.force_flush(), results[0]);
}
