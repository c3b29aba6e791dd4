//! Exports over OTLP: requests, errors, deadlines and runtimes.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    time::{Duration, Instant},
};

use autotelemetry::{ObservabilityTools, Signal, error::FailureCause, prelude::*};
use test_support::{builder, mock_collector::MockCollector, process, with_file};

const PROTOCOLS: [&str; 3] = ["grpc", "http/protobuf", "http/json"];

/// Emits one span, one log record and one count.
fn emit(tools: &ObservabilityTools) {
    let span = tools.tracer("test").start_as_current_span("work");
    tools.logger("test").info("hello", &[]);
    tools.meter("test").u64_counter("things").build().add(1, &[]);
    drop(span);
}

fn quiet() -> autotelemetry::Builder {
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
            let tools = quiet()
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
fn transient_errors_are_retried_and_permanent_ones_are_not() {
    let mock = MockCollector::start();
    mock.fail_next(&[503, 429]);
    let tools = quiet()
        .otlp_endpoint(mock.url())
        .set("metrics.exporters", "none")
        .set("logs.exporters", "none")
        .build()
        .unwrap();
    drop(tools.tracer("test").start_as_current_span("work"));
    tools.force_flush().unwrap();
    assert_eq!(mock.received().len(), 3, "two refusals and a success");

    mock.fail_next(&[400]);
    drop(tools.tracer("test").start_as_current_span("work"));
    let error = tools.force_flush().unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "telemetry was not delivered in full: traces: 1 of 1 lost ({}/v1/traces: the server returned 400 Bad Request)",
            mock.url()
        )
    );
    assert_eq!(mock.received().len(), 4);
    tools.shutdown().unwrap();
    tools.shutdown().expect("a second time there is nothing to do");
    tools.force_flush().expect("nor is there anything to flush");
}

#[test]
fn undelivered_items_at_shutdown_are_counted() {
    // A bound port without a listener refuses connections.
    let refused = "http://127.0.0.1:1";
    for protocol in PROTOCOLS {
        let tools = quiet().otlp_endpoint(refused).set("otlp.protocol", protocol).build().unwrap();
        emit(&tools);
        let start = Instant::now();
        let error = tools.shutdown().unwrap_err();
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "{:?}: nothing is tried a second time",
            start.elapsed()
        );
        assert_eq!(
            error.failures().iter().map(autotelemetry::error::SignalFailure::signal).collect::<Vec<_>>(),
            Signal::ALL
        );
        for failure in error.failures() {
            let FailureCause::Lost { items: 1, error, .. } = failure.cause() else {
                panic!("{protocol}: {failure:?}")
            };
            assert!(error.contains("refused"), "{protocol}: {error}");
        }
    }
}

#[test]
fn unresponsive_server_delays_shutdown_until_the_deadline() {
    // The system accepts connections, and no response follows.
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", hole.local_addr().unwrap());
    for protocol in PROTOCOLS {
        let tools = quiet()
            .otlp_endpoint(&url)
            .set("otlp.protocol", protocol)
            .set("shutdown_timeout", "300ms")
            .build()
            .unwrap();
        emit(&tools);
        let start = Instant::now();
        let error = tools.shutdown().unwrap_err();
        let took = start.elapsed();
        assert!(took >= Duration::from_millis(300) && took < Duration::from_secs(2), "{protocol}: {took:?}");
        assert_eq!(error.failures().len(), 3, "{protocol}: {error}");
        assert!(
            error
                .failures()
                .iter()
                .all(|failure| *failure.cause() == FailureCause::Timeout(Duration::from_millis(300)))
        );
    }
}

#[test]
fn timeout_covers_the_whole_export() {
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let tools = quiet()
        .otlp_endpoint(format!("http://{}", hole.local_addr().unwrap()))
        .set("otlp.timeout", "200ms")
        .build()
        .unwrap();
    emit(&tools);
    let error = tools.force_flush().unwrap_err().to_string();
    assert!(error.contains("/v1/traces: no response within 200ms"), "{error}");
    assert!(error.contains("/v1/metrics: no response within 200ms"), "{error}");
    drop(tools);
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
                    let tools = quiet().otlp_endpoint(url).set("otlp.protocol", protocol).build().unwrap();
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
fn hanging_destination_does_not_delay_others() {
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let mock = MockCollector::start();
    let text = format!(
        "shutdown_timeout = \"500ms\"\n[service]\nname = \"x\"\n[traces]\nexporters = [\"otlp\", \"good\"]\n[metrics]\nexporters = [\"otlp\", \"good\"]\n\
         [logs]\nexporters = [\"otlp\", \"good\"]\n[otlp]\nendpoint = \"http://{}\"\n[exporters.good]\nendpoint = \"{}\"\n",
        hole.local_addr().unwrap(),
        mock.url()
    );
    let (builder, _directory) = with_file(&text, &[]);
    let tools = builder.build().unwrap();
    emit(&tools);
    tools.shutdown().unwrap_err();
    assert_eq!((mock.spans().len(), mock.logs().len(), mock.metrics().len()), (1, 1, 1));
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
fn items_dropped_by_a_full_queue_are_counted() {
    for protocol in PROTOCOLS {
        let mock = MockCollector::start();
        let tools = quiet()
            .otlp_endpoint(mock.url())
            .set("otlp.protocol", protocol)
            .set("traces.batch.max_queue_size", 4)
            .set("logs.batch.max_queue_size", 4)
            .set("metrics.exporters", "none")
            .build()
            .unwrap();
        let (tracer, logger) = (tools.tracer("test"), tools.logger("test"));
        for _ in 0..5000 {
            drop(tracer.start_as_current_span("work"));
            logger.info("hello", &[]);
        }
        let error = tools.shutdown().expect_err("5000 do not fit into 4");
        let json = protocol == "http/json";
        for (failure, arrived) in error.failures().iter().zip([
            if json { None } else { Some(mock.spans().len()) },
            if json { None } else { Some(mock.logs().len()) },
        ]) {
            let FailureCause::Lost { items, error, .. } = failure.cause() else { panic!("{failure:?}") };
            assert!(error.contains("the queue was full"), "{error}");
            if let Some(arrived) = arrived {
                assert_eq!(
                    usize::try_from(*items).unwrap() + arrived,
                    5000,
                    "{protocol}: emitted = lost + arrived"
                );
            }
        }
        assert_eq!(error.failures().len(), 2);
    }
}

#[test]
fn partial_success_counts_rejected_items_as_failed() {
    let mock = MockCollector::start();
    mock.set_body(r#"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too\nold"}}"#);
    let tools = quiet().otlp_endpoint(mock.url()).set("metrics.exporters", "none").build().unwrap();
    for _ in 0..5 {
        drop(tools.tracer("test").start_as_current_span("work"));
    }
    let error = tools.shutdown().unwrap_err().to_string();
    let stats = tools.stats();
    let stats = stats.exporter(Signal::Traces, "otlp").unwrap();
    assert_eq!((stats.emitted(), stats.exported(), stats.failed(), stats.queued()), (5, 2, 3, 0));
    assert!(
        error.contains("traces: 3 of 5 lost") && error.contains("rejected by the server: too old"),
        "{error}"
    );
}

#[test]
fn rejection_reports_the_message_of_the_server() {
    let mock = MockCollector::start();
    mock.fail_next(&[401]);
    mock.set_body(r#"{"code":16,"message":"token expired"}"#);
    let tools = quiet().otlp_endpoint(mock.url()).set("metrics.exporters", "none").build().unwrap();
    drop(tools.tracer("test").start_as_current_span("work"));
    let error = tools.shutdown().unwrap_err().to_string();
    assert!(error.contains("the server returned 401 Unauthorized: token expired"), "{error}");
}

#[test]
fn concurrent_shutdowns_wait_for_the_same_end() {
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", hole.local_addr().unwrap());
    let tools = quiet().otlp_endpoint(url).set("shutdown_timeout", "300ms").build().unwrap();
    emit(&tools);
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(|| tools.shutdown())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(results[0].is_err() && results.iter().all(|result| *result == results[0]), "{results:?}");
    assert_eq!(tools.force_flush(), results[0]);
}

#[test]
fn wrong_protocol_port_is_suggested() {
    let mock = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = mock.local_addr().unwrap();
    // A server that speaks only HTTP/1.1.
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for mut stream in mock.incoming().flatten() {
            let _ = stream.read(&mut [0; 64]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
            open.push(stream);
        }
    });
    let tools = quiet()
        .otlp_endpoint(format!("http://{address}"))
        .set("otlp.protocol", "grpc")
        .set("otlp.timeout", "500ms")
        .build()
        .unwrap();
    drop(tools.tracer("test").start_as_current_span("work"));
    let error = tools.shutdown().unwrap_err().to_string();
    assert!(error.contains("the endpoint does not speak gRPC"), "{error}");
}

/// `init` reads the environment of the process and a file in its directory, so it needs a process.
#[test]
fn init_finds_the_file_in_each_runtime() {
    for kind in ["none", "current_thread", "one worker"] {
        for protocol in ["grpc", "http/protobuf"] {
            let mock = MockCollector::start();
            let directory = tempfile::tempdir().unwrap();
            let text = format!("[service]\nname = \"x\"\n[otlp]\nendpoint = \"{}\"\n", mock.url());
            std::fs::write(directory.path().join("autotelemetry.toml"), text).unwrap();
            let mut program = process::function(module_path!(), "child_inits");
            program
                .current_dir(directory.path())
                .env("KIND", kind)
                .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
            let output = process::run(program);
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(said.lines().count(), 1, "the start line alone: {said}");
            assert_eq!((mock.spans().len(), mock.metrics().len()), (1, 1), "{kind}, {protocol}");
            let logs: Vec<_> = mock.logs().into_iter().map(|(scope, _)| scope).collect();
            assert_eq!(
                logs.len(),
                3,
                "{kind}, {protocol}: Logger, tracing and log, and nothing else: {logs:?}"
            );
        }
    }
}

#[test]
fn init_without_destination_names_the_setting() {
    let directory = tempfile::tempdir().unwrap();
    let mut program = process::function(module_path!(), "child_inits");
    program.current_dir(directory.path()).env("KIND", "none").env("OTEL_SERVICE_NAME", "x");
    let said = String::from_utf8(process::run(program).stderr).unwrap();
    assert_eq!(
        said,
        "autotelemetry: x, no file: traces nowhere; metrics nowhere; logs to console. To export traces and metrics, set \
         `otlp.endpoint` (OTEL_EXPORTER_OTLP_ENDPOINT) or their `exporters` ([] for none)\n"
    );
}

#[test]
#[ignore = "child process of other tests"]
fn child_inits() {
    let work = || {
        let tools = autotelemetry::init().unwrap();
        emit(&tools);
        tracing::info!("from tracing");
        log::info!("from log");
        // Dropped inside the runtime.
    };
    match process::variable("KIND").as_deref() {
        Some("current_thread") => {
            tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async { work() });
        }
        Some("one worker") => {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
            runtime.block_on(async { tokio::spawn(async move { work() }).await.unwrap() });
        }
        _ => work(),
    }
}
