//! Events of the exporters' own crates never enter the pipeline, even at level trace.
//!
//! One test, because the globals of a process can be set once.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use test_support::{mock_collector::MockCollector, with_env};

#[test]
fn trace_level_event_gives_one_record() {
    let mock = MockCollector::start();
    let tools = with_env(&[
        ("OTEL_SERVICE_NAME", "x"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &mock.url()),
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
    // Gives a feedback loop the time to show; there is nothing to wait for.
    std::thread::sleep(Duration::from_secs(3));
    tools.shutdown().unwrap();
    let bodies: Vec<_> = mock.logs().into_iter().map(|(scope, record)| (scope, record.body)).collect();
    assert_eq!(bodies.len(), 1, "{bodies:#?}");
    assert_eq!(mock.spans().len(), 1);
    assert!(mock.metrics().len() > 5, "metrics are exported all the time, which is what could feed back");
}
