//! Lines of JSON that are written without a record are those of a record.

use std::{error::Error, io};

use autotelemetry::{
    ObservabilityTools,
    opentelemetry::{StringValue, Value, logs::AnyValue},
    prelude::*,
};
use test_support::{builder, line_buffer::LineBuffer};
use tracing_subscriber::layer::SubscriberExt as _;

/// Writes records of many kinds. Some of them exceed a limit of `settings` below.
fn write_records(tools: &ObservabilityTools) {
    let logger = tools.logger("shop \"main\"");
    let list = AnyValue::ListAny(Box::new(vec![1.into(), "a long text".into()]));
    logger.info("a long body\n", &[KeyValue::new("text", "a long text"), KeyValue::new("size", 7)]);
    let texts: Vec<StringValue> = vec!["a long text".into()];
    logger.info("short", &[KeyValue::new("array", Value::Array(texts.into()))]);
    logger.info(list, &[]);
    logger.info(AnyValue::Bytes(Box::new(b"a long body".to_vec())), &[]);
    logger.warn(1.5, &[KeyValue::new("same", 1), KeyValue::new("same", 2), KeyValue::new("b\"", f64::NAN)]);
    let broken = io::Error::other("this is broken");
    logger.exception("an error", &broken, &[KeyValue::new("one", true)]);
    let error: &(dyn Error + 'static) = &broken;
    let subscriber = tracing_subscriber::registry().with(tools.tracing_layer());
    tracing::subscriber::with_default(subscriber, || {
        let _span = tracing::info_span!("request").entered();
        tracing::info!("literal \u{1b}\u{9b}é");
        tracing::info!(size = u64::MAX, wide = i128::MIN, ratio = 0.5, ok = true, "a {}", "message");
        tracing::info!(text = "a long text", shown = %"a long text", bytes = &b"a long text"[..]);
        tracing::info!(late = 1, message = "a late message", last = "é");
        tracing::info!(message = 5, none = tracing::field::Empty);
        tracing::info!(message = "one", message = "two", same = 1, same = "2");
        tracing::warn!(error, size = 1, "one error");
        tracing::error!(first = error, second = io::Error::other("other").to_string(), "and text");
        tracing::warn!(first = error, second = &io::Error::other("other") as &(dyn Error + 'static), "two");
        tracing::warn!(error, exception.message = "explicit", code.file.path = "explicit", "reserved");
        tracing::info!(parent: None, a = 1, b = 2, c = 3, d = 4, e = 5, "many");
        tracing::error!(target: "other::target", "no {}", "fields");
    });
}

/// Returns the lines without their times, which have a fixed length.
fn lines(settings: &[(&str, &str)]) -> Vec<String> {
    let buffer = LineBuffer::default();
    let mut builder = builder().service_name("shop").console_writer(buffer.clone()).json_logs(true);
    for (key, value) in settings {
        builder = builder.set(*key, value);
    }
    let tools = builder.set("traces.exporters", "otlp").set("otlp.endpoint", "http://127.0.0.1:1");
    let tools = tools.set("diagnostics.level", "off").set("shutdown_timeout", "100ms").build().unwrap();
    write_records(&tools);
    drop(tools);
    let text = buffer.text();
    text.lines()
        .map(|line| without_ids(&line["{\"timestamp\":\"2026-11-23T19:59:17.123456Z".len()..]))
        .collect()
}

/// Replaces the ids of spans, which are random.
fn without_ids(line: &str) -> String {
    match line.split_once(",\"trace_id\":\"") {
        Some((before, ids)) => format!("{before} and {} bytes of ids", ids.len()),
        None => line.to_owned(),
    }
}

#[test]
fn line_without_a_record_equals_that_of_a_record() {
    let directory = tempfile::tempdir().unwrap();
    let limits = [
        &[][..],
        &[("logs.code_location", "true")],
        &[("logs.limits.attribute_value_length_limit", "5")],
        &[("logs.limits.attribute_count_limit", "3")],
    ];
    for limits in limits {
        let direct = lines(limits);
        // A file of text needs the record.
        let beside_file = [
            ("logs.exporters", "console,file"),
            ("file.format", "text"),
            ("file.directory", directory.path().to_str().unwrap()),
        ];
        let from_records = lines(&[limits, &beside_file[..]].concat());
        assert_eq!(direct.len(), 18, "{direct:#?}");
        assert_eq!(direct, from_records, "{limits:?}");
        let beside_records = lines(&[limits, &[("logs.exporters", "console,otlp")]].concat());
        assert_eq!(direct, beside_records, "{limits:?}");
        assert!(direct.iter().filter(|line| line.ends_with(" bytes of ids")).count() > 8);
    }
}
