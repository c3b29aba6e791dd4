//! The same event is the same record, whether it comes through a `Logger`, `tracing` or `log`.
//!
//! One test, because the globals of a process can be set once.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::collections::HashSet;

use autotelemetry::{ObservabilityTools, prelude::*};
use support::{
    builder,
    collector::{Collector, sections},
    lines::Lines,
    program,
    sink::Sink,
};

const TARGET: &str = "shop::checkout";

/// The same event three times, from the same line of the program.
macro_rules! three_times {
    ($logger:expr) => {
        let attributes = [
            KeyValue::new("order", 4711),
            KeyValue::new("customer", "ö \"quoted\"\n"),
            KeyValue::new("amount", 12.5),
            KeyValue::new("express", true),
        ];
        for part in ["received", "paid"] {
            let body = format!("order {part}");
            $logger.warn(body, &attributes); tracing::warn!(target: TARGET, order = 4711, customer = "ö \"quoted\"\n", amount = 12.5, express = true, "order {part}"); log::warn!(target: TARGET, order = 4711, customer = "ö \"quoted\"\n", amount = 12.5, express = true; "order {part}");
        }
    };
}

#[rustfmt::skip]
fn emit(tools: &ObservabilityTools) {
    let logger = tools.logger(TARGET);
    three_times!(logger);
    let manual = tools.tracer("manual").start_as_current_span("manual");
    three_times!(logger);
    drop(manual);
    tracing::info_span!("of tracing").in_scope(|| {
        three_times!(logger);
    });
}

/// Without the only thing that differs: when it was.
fn without_time(line: &str) -> &str {
    let (time, rest) = line.split_at("{\"timestamp\":\"2026-11-23T19:59:17.123456Z\",".len());
    assert!(time.starts_with("{\"timestamp\":\"20") && time.ends_with("Z\","), "{line}");
    rest
}

#[test]
fn three_ways_one_record() {
    let (lines, sink) = (Lines::default(), Sink::start());
    let tools = builder()
        .service_name("shop")
        .otlp_endpoint(sink.url())
        .set("logs.exporters", "console,otlp")
        .set("logs.code_location", true)
        .json_logs(true)
        .console_writer(lines.clone())
        .install()
        .unwrap();
    emit(&tools);
    tools.shutdown().unwrap();

    let text = lines.text();
    let all: Vec<_> = text.lines().map(without_time).collect();
    assert_eq!(all.len(), 18);
    for three in all.chunks(3) {
        assert_eq!(three[0], three[1], "Logger and tracing");
        assert_eq!(three[0], three[2], "Logger and log");
    }
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 6, "two messages, in three contexts");
    let json = lines.json();
    assert_eq!(json[0]["attributes"]["customer"], "ö \"quoted\"\n");
    assert_eq!(json[0]["attributes"]["code.file.path"], "tests/globals_log_sources.rs");
    assert!(json[0]["attributes"]["code.line.number"].is_u64());
    assert!(json[0].get("trace_id").is_none() && json[6]["span_id"].is_string());

    // At a destination: the same, but for the two times.
    let records = sink.logs();
    assert_eq!(records.len(), 18);
    let mut kinds = Vec::new();
    for (scope, mut record) in records {
        assert_eq!(scope, TARGET);
        assert_eq!(record.time_unix_nano, record.observed_time_unix_nano);
        (record.time_unix_nano, record.observed_time_unix_nano) = (0, 0);
        kinds.push(record);
    }
    for three in kinds.chunks(3) {
        assert_eq!(three[0], three[1], "Logger and tracing");
        assert_eq!(three[0], three[2], "Logger and log");
    }
}

#[test]
#[ignore = "child process of other tests"]
fn child_emits() {
    let tools = ObservabilityTools::builder().service_name("shop").install().unwrap();
    emit(&tools);
    tools.shutdown().unwrap();
}

#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL)"]
fn three_ways_one_record_at_the_collector() {
    let collector = Collector::start();
    let mut command = program::function(module_path!(), "child_emits");
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url("http/protobuf"))
        .env("OTEL_LOGS_EXPORTER", "otlp")
        .env("AUTOTEL_LOGS__CODE_LOCATION", "true");
    program::run(command);
    let output = collector.wait(|text| sections(text, "LogRecord").len() == 18);
    let records: Vec<String> = sections(&output, "LogRecord")
        .into_iter()
        .map(|record| {
            let is_time =
                |line: &&str| line.starts_with("ObservedTimestamp:") || line.starts_with("Timestamp:");
            let is_header = |line: &&str| line.starts_with("LogRecord #");
            // Behind the flags the Collector may go on about something else.
            let end = record.find("Flags:").unwrap_or(record.len());
            record[..end]
                .lines()
                .filter(|line| !is_time(line) && !is_header(line) && line.contains(':'))
                .collect::<Vec<_>>()
                .join("\n")
        })
        .collect();
    for three in records.chunks(3) {
        assert_eq!(three[0], three[1], "Logger and tracing");
        assert_eq!(three[0], three[2], "Logger and log");
    }
    assert!(records[0].contains("-> express: Bool(true)"), "{}", records[0]);
}
