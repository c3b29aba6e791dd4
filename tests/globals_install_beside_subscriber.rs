//! `install` in a program that already has a `tracing` subscriber: a typed error, and no other
//! global is set. Such a program composes `tracing_layer` of tools from `build`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use autotelemetry::{error::ErrorKind, prelude::*};
use test_support::{mock_collector::MockCollector, with_env};
use tracing_subscriber::layer::SubscriberExt as _;

#[test]
fn install_beside_a_subscriber_fails_and_the_layer_composes() {
    let mock = MockCollector::start();
    let tools = with_env(&[("OTEL_SERVICE_NAME", "x"), ("OTEL_EXPORTER_OTLP_ENDPOINT", &mock.url())])
        .set("logs.exporters", "otlp")
        .build()
        .unwrap();
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(tools.tracing_layer()))
        .unwrap();

    // No exporter is built either, such as one with a log file.
    let directory = tempfile::tempdir().unwrap();
    let error = with_env(&[("OTEL_SERVICE_NAME", "y")])
        .set("logs.exporters", "file")
        .set("file.directory", directory.path().display())
        .install()
        .unwrap_err();
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    assert_eq!(error.kind(), ErrorKind::AlreadyInstalled, "{error}");
    assert!(error.to_string().contains("a `tracing` subscriber is already set"), "{error}");
    assert!(!autotelemetry::logger("x").enabled(Severity::Fatal), "no logger");
    log::error!("goes nowhere");
    assert_eq!(log::max_level(), log::LevelFilter::Off);

    tracing::info_span!("composed").in_scope(|| tracing::info!("through the layer"));
    tools.shutdown().unwrap();
    let (spans, logs) = (mock.spans(), mock.logs());
    assert_eq!((spans.len(), logs.len()), (1, 1));
    assert_eq!(logs[0].1.span_id, spans[0].span_id);
}
