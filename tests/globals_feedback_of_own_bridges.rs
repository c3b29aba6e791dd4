//! Bridges that the program itself adds see the network crates, but export nothing about exports.
//!
//! One test, because the globals of a process can be set once.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use test_support::{mock_collector::MockCollector, with_env};
use tracing_subscriber::layer::SubscriberExt as _;

#[test]
fn bridge_of_the_program_gives_no_spans_about_exports() {
    let mock = MockCollector::start();
    let tools = with_env(&[
        ("OTEL_SERVICE_NAME", "x"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &mock.url()),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "100"),
    ])
    .build()
    .unwrap();
    let bridge = tracing_opentelemetry::layer().with_tracer(tools.tracer("bridge"));
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(bridge)).unwrap();
    tools.meter("x").u64_counter("count").build().add(1, &[]);
    tracing::info_span!("one span").in_scope(|| {});
    // Gives a feedback loop the time to show; there is nothing to wait for.
    std::thread::sleep(Duration::from_secs(2));
    tools.shutdown().unwrap();
    let names: Vec<_> = mock.spans().into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["one span"]);
    let emitted: Vec<_> = tools
        .stats()
        .exporters()
        .iter()
        .filter(|exporter| exporter.signal() == autotelemetry::Signal::Traces)
        .map(autotelemetry::stats::ExporterStats::emitted)
        .collect();
    assert_eq!(emitted, [1]);
}
