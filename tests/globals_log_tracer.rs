//! Records of the `log` crate that a `LogTracer` of the program brings to a composed subscriber.
//!
//! One test, because the logger of a process can be set once.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use test_support::{
    builder,
    line_buffer::{LineBuffer, member},
};
use tracing_subscriber::layer::SubscriberExt as _;

/// Logs through both crates in one line.
macro_rules! both {
    ($level:ident, $event:literal, $record:literal) => {
        tracing::info!($event);
        log::$level!($record);
    };
}

/// Copies an event or a span to the `log` crate, as `tracing` does with its feature `log-always`.
fn copy(target: &str, line: u32, text: &str) {
    let metadata = log::Metadata::builder().level(log::Level::Info).target(target).build();
    let mut record = log::Record::builder();
    record.metadata(metadata).module_path(Some(module_path!())).file(Some(file!())).line(Some(line));
    log::logger().log(&record.args(format_args!("{text}")).build());
}

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
    lines.take();

    let subscriber = tracing_subscriber::registry().with(tools.tracing_layer());
    tracing::subscriber::with_default(subscriber, || {
        both!(warn, "event", "record in the line of an event");
        tracing::info_span!("span").in_scope(|| log::info!("record in the line of a span"));
        let (event, span) = (line!() + 1, line!() + 2);
        tracing::info!("once");
        tracing::info_span!("request", id = 1).in_scope(|| {});
        copy(module_path!(), event, "once");
        copy(module_path!(), span, "++ request; id=1");
        copy(module_path!(), span, "request; id=2");
        copy("tracing::span", span, "++ request");
        copy("tracing::span::active", span, "-> request;");
    });
    let expected = ["event", "record in the line of an event", "record in the line of a span", "once"];
    assert_eq!(member(&lines.json(), "message"), expected);
}
