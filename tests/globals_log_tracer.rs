//! Records of the `log` crate that a `LogTracer` of the program brings to a composed subscriber.
//!
//! One test, because the logger of a process can be set once.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use test_support::{
    builder,
    line_buffer::{LineBuffer, member},
};
use tracing_subscriber::layer::SubscriberExt as _;

#[test]
fn log_tracer_records_keep_target_level_and_location() {
    let lines = LineBuffer::default();
    let tools = builder()
        .service_name("x")
        .set("logs.level", "info,noisy=off,app=debug")
        .set("logs.code_location", true)
        .json_logs(true)
        .console_writer(lines.clone())
        .build()
        .unwrap();
    tracing_log::LogTracer::init().unwrap();
    let subscriber = tracing_subscriber::registry().with(tools.tracing_layer());
    let line = tracing::subscriber::with_default(subscriber, || {
        log::debug!(target: "app::db", "from {}", "log");
        log::warn!(target: "noisy", "not wanted");
        log::debug!(target: "elsewhere", "not wanted");
        log::warn!(target: "opentelemetry_sdk", "never exported");
        line!() - 4
    });
    assert_eq!(member(&lines.json(), "message"), ["from log"]);
    assert_eq!(
        lines.json()[0],
        serde_json::json!({
            "timestamp": lines.json()[0]["timestamp"],
            "level": "DEBUG",
            "target": "app::db",
            "message": "from log",
            "attributes": { "code.file.path": "tests/globals_log_tracer.rs", "code.line.number": line },
        })
    );
}
