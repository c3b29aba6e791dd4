//! Items that are too large for a request, and the limit of lengths.

use autotelemetry::{
    ObservabilityTools, Signal,
    opentelemetry::{
        logs::AnyValue,
        trace::{Span as _, Status, Tracer as _},
    },
    prelude::*,
};
use opentelemetry_proto::tonic::{common::v1::any_value::Value, logs::v1::LogRecord, trace::v1::Span};
use test_support::mock_collector::MockCollector;
use tracing_subscriber::prelude::*;

use super::export::{PROTOCOLS, exporting};

const LIMIT: usize = 4 * 1024 * 1024;

/// Writes an error event of 5 MiB in a span.
fn error_event(tools: &ObservabilityTools) {
    let answer = "ä".repeat(5 << 19);
    let subscriber = tracing_subscriber::registry().with(tools.tracing_layer());
    tracing::subscriber::with_default(subscriber, || {
        let _span = tracing::info_span!("request", user = "alice", kind = "\u{1}binary").entered();
        tracing::error!(code = 7, "the tool answered {answer}");
    });
}

fn body_of(record: &LogRecord) -> &str {
    match record.body.as_ref().and_then(|body| body.value.as_ref()) {
        Some(Value::StringValue(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn oversized_event_is_cut_and_its_span_and_record_arrive() {
    for protocol in PROTOCOLS {
        let mock = MockCollector::start();
        let tools = exporting()
            .otlp_endpoint(mock.url())
            .set("otlp.protocol", protocol)
            .set("metrics.exporters", "none")
            .set("diagnostics.level", "off")
            .set("shutdown_timeout", "1m")
            .build()
            .unwrap();
        error_event(&tools);
        tools.tracer("test").start("small").end();
        tools.shutdown().unwrap();
        for signal in [Signal::Traces, Signal::Logs] {
            let stats = tools.stats();
            let stats = stats.exporter(signal, "otlp").unwrap();
            assert_eq!((stats.failed(), stats.dropped()), (0, 0), "{protocol}: {stats:?}");
        }
        for received in mock.received() {
            assert!(received.body.len() <= LIMIT, "{protocol}: {}", received.body.len());
            // Only as much as necessary is cut.
            let is_large = received.body.len() > LIMIT / 2;
            assert!(!is_large || received.body.len() > LIMIT - 4096, "{protocol}: {}", received.body.len());
        }
        if protocol == "http/json" {
            continue;
        }
        let spans = mock.spans();
        assert_eq!(spans.len(), 2);
        let request = spans.iter().find(|span| span.name == "request").unwrap();
        assert_eq!(request.attributes.len(), 2, "{protocol}");
        assert!(request.events[0].name.starts_with("the tool answered ä"));
        assert!(body_of(&mock.logs()[0].1).starts_with("the tool answered ä"));
    }
}

#[test]
fn length_limit_cuts_bodies_names_and_descriptions() {
    let mock = MockCollector::start();
    let tools = exporting()
        .otlp_endpoint(mock.url())
        .set("metrics.exporters", "none")
        .set("attribute_limits.attribute_value_length_limit", 20)
        .build()
        .unwrap();
    error_event(&tools);
    let mut span = tools.tracer("test").start("n".repeat(50));
    span.set_status(Status::error("d".repeat(50)));
    span.end();
    let nested = AnyValue::ListAny(Box::new(vec!["b".repeat(50).into()]));
    tools.logger("nested").info(nested, &[]);
    tools.shutdown().unwrap();
    let spans = mock.spans();
    let Span { events, .. } = spans.iter().find(|span| span.name == "request").unwrap();
    assert_eq!(events[0].name, "the tool answered ää");
    let Span { name, status, .. } = spans.iter().find(|span| span.name != "request").unwrap();
    assert_eq!((name.len(), status.as_ref().unwrap().message.len()), (20, 20));
    let (nested, event): (Vec<_>, Vec<_>) = mock.logs().into_iter().partition(|(scope, _)| scope == "nested");
    assert_eq!(body_of(&event[0].1), "the tool answered ää");
    assert!(format!("{:?}", nested[0].1.body).contains(&format!("\"{}\"", "b".repeat(20))), "{nested:?}");
}

#[test]
fn item_that_cannot_be_shortened_is_lost_alone_and_its_part_is_named() {
    let mock = MockCollector::start();
    let tools = exporting()
        .otlp_endpoint(mock.url())
        .set("metrics.exporters", "none")
        .set("traces.exporters", "none")
        .set("diagnostics.level", "off")
        .set("shutdown_timeout", "1m")
        .build()
        .unwrap();
    let logger = tools.logger("test");
    logger.info("before", &[]);
    let numbers: Vec<i64> = (0..800_000).collect();
    logger.info(
        "numbers",
        &[KeyValue::new("numbers", autotelemetry::opentelemetry::Value::Array(numbers.into()))],
    );
    logger.info("after", &[]);
    tools.shutdown().unwrap_err();
    let stats = tools.stats();
    let stats = stats.exporter(Signal::Logs, "otlp").unwrap();
    assert_eq!((stats.exported(), stats.failed()), (2, 1));
    let error = stats.last_error().unwrap();
    assert!(error.contains("exceeds the limit of 4194304 bytes; the attribute \"numbers\" has "), "{error}");
}

#[test]
fn destination_has_its_own_request_size() {
    for protocol in PROTOCOLS {
        let (small, large) = (MockCollector::start(), MockCollector::start());
        let tools = exporting()
            .otlp_endpoint(small.url())
            .set("otlp.protocol", protocol)
            .set("otlp.max_request_size", "64kB")
            .set("exporters.large.endpoint", large.url())
            .set("exporters.large.protocol", protocol)
            .set("exporters.large.logs.max_request_size", "16MiB")
            .set("logs.exporters", "otlp,large")
            .set("logs.batch.schedule_delay", "1m")
            .set("metrics.exporters", "none")
            .set("traces.exporters", "none")
            .set("diagnostics.level", "off")
            .set("shutdown_timeout", "1m")
            .build()
            .unwrap();
        let logger = tools.logger("test");
        for _ in 0..200 {
            logger.info("x".repeat(1000), &[]);
        }
        logger.info("y".repeat(6 << 20), &[]);
        let numbers: Vec<i64> = (0..20_000).collect();
        let numbers = autotelemetry::opentelemetry::Value::Array(numbers.into());
        logger.info("numbers", &[KeyValue::new("numbers", numbers)]);
        tools.shutdown().unwrap_err();
        let stats = tools.stats();
        let (of_small, of_large) =
            ["otlp", "large"].map(|name| stats.exporter(Signal::Logs, name).unwrap()).into();
        assert_eq!((of_small.exported(), of_small.failed()), (201, 1), "{protocol}: {of_small:?}");
        let error = of_small.last_error().unwrap();
        assert!(
            error.contains("exceeds the limit of 64000 bytes; the attribute \"numbers\" has "),
            "{error}"
        );
        let bodies: Vec<_> = small.received().iter().map(|received| received.body.len()).collect();
        assert!(bodies.iter().all(|bytes| *bytes <= 64_000) && bodies.len() >= 5, "{protocol}: {bodies:?}");
        assert_eq!((of_large.exported(), of_large.failed()), (202, 0), "{protocol}: {of_large:?}");
        assert_eq!(large.received().len(), 1, "{protocol}");
        if protocol != "http/json" {
            let whole = large.logs().iter().filter(|(_, record)| body_of(record).len() == 6 << 20).count();
            assert_eq!(whole, 1, "{protocol}");
        }
    }
}

#[test]
fn oversized_resource_attribute_is_named() {
    let mock = MockCollector::start();
    let tools = exporting()
        .otlp_endpoint(mock.url())
        .set("metrics.exporters", "none")
        .set("resource.attributes", format!("huge={}", "x".repeat(5_000_000)))
        .set("diagnostics.level", "off")
        .build()
        .unwrap();
    tools.logger("test").info("hello", &[]);
    tools.shutdown().unwrap_err();
    let stats = tools.stats();
    let error = stats.exporter(Signal::Logs, "otlp").unwrap().last_error().unwrap().to_owned();
    assert!(error.contains("the resource attribute \"huge\" has 5,000,000 bytes"), "{error}");
}
