//! Redaction: no exporter gets the values of attributes whose keys match.

use std::fs;

use autotelemetry::{
    Builder, ObservabilityTools, Signal,
    opentelemetry::{
        Key, SpanId, TraceFlags, TraceId,
        logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _},
        trace::{Link, SpanContext, TraceState, Tracer as _},
    },
    prelude::*,
};
use test_support::{builder, line_buffer::LineBuffer, mock_collector::MockCollector, with_file};

/// The value that no output may contain.
const SECRET: &str = "s3cr3t";

/// Its SHA-256.
const HASH: &str = "4e738ca5563c06cfd0018299933d58db1dd8bf97f6973dc99bf6cdc64b5550bd";

fn redacting(action: &str) -> Builder {
    builder()
        .service_name("shop")
        .resource_attribute("owner.password", SECRET)
        .resource_attribute("team", "data")
        .set("redact.keys", "*.password,http.request.header.authorization")
        .set("redact.action", action)
        .set("diagnostics.metrics", false)
}

fn with_exporters(builder: Builder, exporters: &str) -> Builder {
    let signals = Signal::ALL.into_iter();
    signals.fold(builder, |builder, signal| builder.set(format!("{signal}.exporters"), exporters))
}

fn secret(key: &'static str) -> KeyValue {
    KeyValue::new(key, SECRET)
}

/// Emits a span with an event and a link, a record of each source, and a measurement.
fn emit(tools: &ObservabilityTools) {
    let tracer = tools.tracer("shop");
    let context =
        SpanContext::new(TraceId::from(1), SpanId::from(1), TraceFlags::SAMPLED, false, TraceState::NONE);
    let links = vec![Link::new(context, vec![secret("link.password")], 0)];
    drop(tracer.span_builder("linked").with_links(links).start(&tracer));
    let span = tracer.start_as_current_span("work");
    span.set_attributes([secret("db.password"), KeyValue::new("password", "kept"), secret("db.password")]);
    span.add_event("login", &[secret("http.request.header.authorization"), KeyValue::new("step", 1)]);
    let attributes = [secret("user.password"), KeyValue::new("user.name", "kept")];
    tools.logger("shop").info("hello", &attributes);
    tools.logger("shop").info("untouched", &[KeyValue::new("user.name", "kept")]);
    tools.meter("shop").u64_counter("count").build().add(1, &[KeyValue::new("key", "value")]);
}

/// Emits a record with nested values through the SDK.
fn emit_nested(tools: &ObservabilityTools) {
    let map = |entries: Vec<(&'static str, AnyValue)>| {
        AnyValue::Map(Box::new(entries.into_iter().map(|(key, value)| (Key::new(key), value)).collect()))
    };
    let bridge = tools.logger_provider().logger("bridge");
    let mut record = bridge.create_log_record();
    record.set_severity_number(Severity::Info);
    record.set_body(map(vec![("password", "a body is kept".into())]));
    record.set_event_name("event");
    let inner = map(vec![("password", SECRET.into()), ("name", "kept".into())]);
    record.add_attribute("list", AnyValue::ListAny(Box::new(vec![inner.clone(), 1.into()])));
    record.add_attribute("user", map(vec![("inner", inner), ("password", map(vec![("x", SECRET.into())]))]));
    bridge.emit(record);
}

#[test]
fn each_action_applies_to_all_items_and_to_the_resource() {
    for (action, shown) in [("mask", Some("***")), ("drop", None), ("hash", Some(HASH))] {
        let mock = MockCollector::start();
        let tools = with_exporters(redacting(action), "otlp")
            .otlp_endpoint(mock.url())
            .set("otlp.protocol", "grpc")
            .build()
            .unwrap();
        emit(&tools);
        emit_nested(&tools);
        tools.shutdown().unwrap();
        let received = mock.received();
        let contains = |text: &str| {
            let has = |body: &[u8]| body.windows(text.len()).any(|window| window == text.as_bytes());
            received.iter().filter(|received| has(&received.body)).count()
        };
        assert_eq!(contains(SECRET), 0, "{action}");
        for (kept, requests) in [("kept", 2), ("a body is kept", 1), ("shop", 3), ("data", 3)] {
            assert_eq!(contains(kept), requests, "{action} {kept}");
        }
        // The resource is in each request.
        assert_eq!(contains("owner.password"), if shown.is_some() { 3 } else { 0 }, "{action}");
        let text = format!("{:?} {:?}", mock.spans(), mock.logs());
        let redacted = shown.map_or(0, |shown| text.matches(&format!("{shown:?}")).count());
        // Attribute, event, link; record; the two inner passwords; the map that is one.
        let expected = match action {
            "mask" => 7,
            "hash" => 6,
            _ => 0,
        };
        assert_eq!(redacted, expected, "{action}: {text}");
        for key in ["link.password", "db.password", "http.request.header.authorization", "user.password"] {
            assert_eq!(text.contains(key), shown.is_some(), "{action} {key}");
        }
        let (_, event) = mock.logs().into_iter().find(|(name, _)| name == "bridge").unwrap();
        assert_eq!(event.event_name, "event");
    }
}

#[test]
fn console_and_files_get_redacted_lines() {
    for format in ["json", "text"] {
        let directory = tempfile::tempdir().unwrap();
        let lines = LineBuffer::default();
        let tools = with_exporters(redacting("mask"), "console,otlp_file")
            .set("logs.exporters", "console,file,otlp_file")
            .set("console.format", format)
            .set("file.format", format)
            .set("file.directory", directory.path().display())
            .set("otlp_file.directory", directory.path().display())
            .console_writer(lines.clone())
            .build()
            .unwrap();
        emit(&tools);
        emit_nested(&tools);
        tools.shutdown().unwrap();
        let files = fs::read_dir(directory.path()).unwrap();
        let mut outputs: Vec<_> =
            files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
        outputs.push(lines.text());
        assert_eq!(outputs.len(), 5);
        for output in outputs {
            assert!(!output.contains(SECRET), "{output}");
            assert!(output.contains("***") || output.contains("\"count\""), "{output}");
        }
    }
}

/// Lines of JSON alone are written without a record; not so if something is redacted.
#[test]
fn json_lines_alone_are_redacted() {
    let lines = LineBuffer::default();
    let builder = redacting("mask").json_logs(true).console_writer(lines.clone());
    let tools = builder.set("logs.exporters", "console").build().unwrap();
    let attributes = [secret("user.password"), KeyValue::new("n", 1)];
    tools.logger("shop").info("hello", &attributes);
    tools.shutdown().unwrap();
    let text = lines.text();
    assert!(text.contains("\"user.password\":\"***\"") && text.contains("\"n\":1"), "{text}");
}

#[test]
#[cfg(feature = "prometheus")]
fn page_of_metrics_has_the_redacted_resource() {
    let tools = redacting("mask").set("logs.exporters", "none").prometheus_port(0).build().unwrap();
    emit(&tools);
    let (_, page) = test_support::http::request(tools.prometheus_address().unwrap(), "GET /metrics");
    assert!(page.contains("owner_password=\"***\"") && !page.contains(SECRET), "{page}");
}

#[test]
fn limits_apply_to_what_is_left_after_redaction() {
    let mock = MockCollector::start();
    let tools = with_exporters(redacting("drop"), "otlp")
        .otlp_endpoint(mock.url())
        .set("otlp.protocol", "grpc")
        .set("redact.keys", "*")
        .set("traces.limits.attribute_count_limit", 1)
        .build()
        .unwrap();
    emit(&tools);
    tools.shutdown().unwrap();
    assert!(mock.spans().iter().all(|span| span.attributes.is_empty() && span.dropped_attributes_count == 0));
    assert!(mock.logs().iter().all(|(_, record)| record.attributes.is_empty()));
    // Of the resource, the name of the service is left.
    let has = |text: &str| {
        let body = &mock.received()[0].body;
        body.windows(text.len()).any(|window| window == text.as_bytes())
    };
    assert!(has("service.name") && !has("telemetry.sdk.name") && !has("team"));
}

#[test]
fn values_of_all_types_and_odd_keys_are_redacted() {
    let lines = LineBuffer::default();
    let tools = builder()
        .service_name("shop")
        .set("redact.keys", "ключ.?,n*,ä")
        .set("redact.action", "hash")
        .json_logs(true)
        .console_writer(lines.clone())
        .set("logs.exporters", "console")
        .build()
        .unwrap();
    let attributes = [
        KeyValue::new("ключ.ы", true),
        KeyValue::new("ключ.12", 1),
        KeyValue::new("number", 42),
        KeyValue::new("numbers", autotelemetry::opentelemetry::Value::Array(vec![1_i64, 2].into())),
        KeyValue::new("ä", ""),
        KeyValue::new("Ä", "kept"),
    ];
    tools.logger("shop").info("hello", &attributes);
    tools.shutdown().unwrap();
    let line: serde_json::Value = serde_json::from_str(&lines.text()).unwrap();
    let attributes = &line["attributes"];
    // The hashes of `true`, `42` and nothing.
    for (key, start) in [("ключ.ы", "b5bea41b"), ("number", "73475cb4"), ("ä", "e3b0c442")] {
        let hash = attributes[key].as_str().unwrap();
        assert!(hash.starts_with(start) && hash.len() == 64, "{key}: {hash}");
    }
    assert_eq!(attributes["numbers"].as_str().unwrap().len(), 64);
    assert_eq!((&attributes["ключ.12"], &attributes["Ä"]), (&1.into(), &"kept".into()));
}

#[test]
fn patterns_that_never_match_are_warned_about_at_their_place() {
    let text = "[service]\nname = \"x\"\n[redact]\nkeys = [\"*.password\", \"db.password\", \" token\", \
                \"http.request.header.Authorization\", \"service.name\", \"a\", \"a\", \"b?\"]\n";
    let (builder, _directory) = with_file(text, &[]);
    let explained = builder.explain();
    let warnings: Vec<_> = explained.warnings().iter().map(ToString::to_string).collect();
    let expected = [
        ("23", "\"db.password\" has no effect beside \"*.password\""),
        ("38", "\" token\" begins or ends with a space"),
        ("48", "write \"http.request.header.authorization\""),
        ("85", "\"service.name\" is never redacted"),
        ("101", "\"a\" has no effect beside \"a\""),
    ];
    assert_eq!(warnings.len(), expected.len(), "{warnings:#?}");
    for ((column, message), warning) in expected.iter().zip(&warnings) {
        let place = format!("autotelemetry.toml:4:{column}: redact.keys: ");
        assert!(warning.contains(&place) && warning.contains(message), "{warning}");
    }
}
