//! The same event gives the same record, whether through a `Logger`, `tracing` or `log`.
//!
//! One test, because the globals of a process can be set once.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::HashSet;

use test_support::{
    builder,
    line_buffer::LineBuffer,
    log_sources::{TARGET, emit},
    mock_collector::MockCollector,
};

/// Removes the timestamp, the only difference.
fn without_time(line: &str) -> &str {
    let (time, rest) = line.split_at("{\"timestamp\":\"2026-11-23T19:59:17.123456Z\",".len());
    assert!(time.starts_with("{\"timestamp\":\"20") && time.ends_with("Z\","), "{line}");
    rest
}

#[test]
fn log_sources_give_equal_records() {
    let (lines, mock) = (LineBuffer::default(), MockCollector::start());
    let tools = builder()
        .service_name("shop")
        .otlp_endpoint(mock.url())
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
    assert_eq!(json[0]["attributes"]["code.file.path"], "tests/support/src/log_sources.rs");
    assert!(json[0]["attributes"]["code.line.number"].is_u64());
    assert!(json[0].get("trace_id").is_none() && json[6]["span_id"].is_string());

    // At a destination only the two times differ.
    let records = mock.logs();
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
