//! Failed exports: retries, deadlines, and the errors of flush and shutdown.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    time::{Duration, Instant},
};

use autotelemetry::{Signal, error::FailureCause, prelude::*};
use test_support::{mock_collector::MockCollector, with_file};

use super::export::{PROTOCOLS, emit, exporting};

#[test]
fn transient_errors_are_retried_and_permanent_ones_are_not() {
    let mock = MockCollector::start();
    mock.fail_next(&[503, 429]);
    let tools = exporting()
        .otlp_endpoint(mock.url())
        .set("metrics.exporters", "none")
        .set("logs.exporters", "none")
        .build()
        .unwrap();
    drop(tools.tracer("test").start_as_current_span("work"));
    tools.force_flush().unwrap();
    assert_eq!(mock.received().len(), 3, "two rejections and a success");

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
        let tools = exporting().otlp_endpoint(refused).set("otlp.protocol", protocol).build().unwrap();
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
        let tools = exporting()
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
fn queued_items_are_limited_by_their_memory() {
    // The system accepts connections, and no response follows.
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let tools = exporting()
        .otlp_endpoint(format!("http://{}", hole.local_addr().unwrap()))
        .set("metrics.exporters", "none")
        .set("traces.batch.max_queue_bytes", "1MiB")
        .set("logs.batch.max_queue_bytes", "1MiB")
        .set("traces.batch.schedule_delay", "1h")
        .set("logs.batch.schedule_delay", "1h")
        .set("shutdown_timeout", "10ms")
        .build()
        .unwrap();
    let (tracer, logger) = (tools.tracer("test"), tools.logger("test"));
    for _ in 0..20 {
        let attributes = vec![KeyValue::new("text", "x".repeat(100_000))];
        tracer.span_builder("large").with_attributes(attributes.clone()).start(&tracer).end();
        logger.info("large", &attributes);
    }
    for signal in [Signal::Traces, Signal::Logs] {
        let stats = tools.stats();
        let stats = stats.exporter(signal, "otlp").unwrap();
        // Items are accepted until they need 1 MiB.
        assert_eq!((stats.queued(), stats.dropped_by_reason().queue_full()), (11, 9), "{signal:?}");
    }
    tools.shutdown().unwrap_err();
}

#[test]
fn timeout_covers_the_whole_export() {
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let tools = exporting()
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
fn items_dropped_by_a_full_queue_are_counted() {
    for protocol in PROTOCOLS {
        let mock = MockCollector::start();
        let tools = exporting()
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
    let tools = exporting().otlp_endpoint(mock.url()).set("metrics.exporters", "none").build().unwrap();
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
    let tools = exporting().otlp_endpoint(mock.url()).set("metrics.exporters", "none").build().unwrap();
    drop(tools.tracer("test").start_as_current_span("work"));
    let error = tools.shutdown().unwrap_err().to_string();
    assert!(error.contains("the server returned 401 Unauthorized: token expired"), "{error}");
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
    let tools = exporting()
        .otlp_endpoint(format!("http://{address}"))
        .set("otlp.protocol", "grpc")
        .set("otlp.timeout", "500ms")
        .build()
        .unwrap();
    drop(tools.tracer("test").start_as_current_span("work"));
    let error = tools.shutdown().unwrap_err().to_string();
    assert!(error.contains("the endpoint does not speak gRPC"), "{error}");
}
