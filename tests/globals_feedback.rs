//! What the exporters' own crates say never enters the pipeline, even when everything is let through.
//!
//! One test, because the globals of a process can be set once.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::time::Duration;

use support::{sink::Sink, with_env};

#[test]
fn one_event_at_level_trace_gives_one_record() {
    let sink = Sink::start();
    let tools = with_env(&[
        ("OTEL_SERVICE_NAME", "x"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &sink.url()),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_LOGS_EXPORTER", "otlp"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "50"),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "100"),
        ("AUTOTEL_LOGS__LEVEL", "trace"),
    ])
    .install()
    .unwrap();
    tools.meter("x").u64_counter("count").build().add(1, &[]);
    tracing::info_span!("one span").in_scope(|| tracing::trace!("one event"));
    // Not to wait for something, but to give what must not happen the time to happen.
    std::thread::sleep(Duration::from_secs(3));
    tools.shutdown().unwrap();
    let bodies: Vec<_> = sink.logs().into_iter().map(|(scope, record)| (scope, record.body)).collect();
    assert_eq!(bodies.len(), 1, "{bodies:#?}");
    assert_eq!(sink.spans().len(), 1);
    assert!(sink.metrics().len() > 5, "metrics are exported all the time, which is what could feed back");
}
