//! `install`: three sources of log records, spans of `tracing`, and a second `install`.
//!
//! One test, because the globals of a process can be set once.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use autotelemetry::{error::ErrorKind, prelude::*};
use opentelemetry_proto::tonic::{
    common::v1::any_value::Value as AnyValue, logs::v1::LogRecord, trace::v1::Span,
};
use test_support::{mock_collector::MockCollector, with_env};

fn text(record: &LogRecord) -> &str {
    match &record.body.as_ref().unwrap().value {
        Some(AnyValue::StringValue(text)) => text,
        other => panic!("{other:?}"),
    }
}

fn attribute<'r>(record: &'r LogRecord, key: &str) -> Option<&'r AnyValue> {
    record.attributes.iter().find(|attribute| attribute.key == key)?.value.as_ref()?.value.as_ref()
}

#[tracing::instrument]
fn instrumented() {
    tracing::info!("inside instrumented");
    log::warn!(target: "a_library", "from log {}", 1);
}

#[test]
fn install_sets_all_globals() {
    // Globals cannot be unset, so a failed attempt must set none.
    let error = with_env(&[]).install().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Configuration), "{error}");
    tracing::info!("no subscriber yet");

    let mock = MockCollector::start();
    let environment = [
        ("OTEL_SERVICE_NAME", "x"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &mock.url()),
        ("OTEL_LOGS_EXPORTER", "otlp"),
        ("RUST_LOG", "debug,noisy=error"),
    ];
    let tools = with_env(&environment).install().unwrap();

    // A second installation is rejected with the reason.
    let error = with_env(&environment).install().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyInstalled, "{error}");
    assert!(error.to_string().contains("autotelemetry is already set"), "{error}");

    // 1. Outside all spans.
    tracing::info!(
        target: "app::events",
        answer = 42,
        big = u64::MAX,
        ratio = 0.5,
        ok = true,
        shown = %"display",
        what = ?Some("debug"),
        error = &std::io::Error::other("broken") as &(dyn std::error::Error + 'static),
        "a message"
    );
    // 2. Spans of `tracing`, implicit and explicit parents.
    instrumented();
    let span = tracing::info_span!("explicit", key = "value");
    tracing::info!(parent: &span, "with an explicit parent");
    let entered = span.enter();
    tracing::info!(parent: None, "without a parent");
    // 3. A manual span inside one of `tracing`, and the global getters.
    let manual = opentelemetry_tracer("manual").start_as_current_span("manual");
    autotelemetry::logger("global")
        .info("from the global logger", &[KeyValue::new("list", vec![1, 2].to_list())]);
    tracing::error!("inside manual");
    drop(manual);
    autotelemetry::opentelemetry::global::meter("global").u64_counter("global.count").build().add(1, &[]);
    // 4. Filtered events.
    tracing::trace!("too detailed");
    tracing::warn!(target: "noisy::part", "too noisy");
    log::info!(target: "noisy", "too noisy");
    tools.logger("noisy").warn("too noisy", &[]);
    assert!(!tools.logger("noisy").enabled(Severity::Warn) && tools.logger("noisy").enabled(Severity::Error));
    tracing::warn!(target: "opentelemetry_sdk", "belongs to the diagnostics");
    drop(entered);
    drop(span);

    tools.shutdown().unwrap();
    let (spans, logs) = (mock.spans(), mock.logs());
    let span = |name: &str| -> &Span { spans.iter().find(|span| span.name == name).unwrap() };
    let log = |body: &str| -> &(String, LogRecord) {
        logs.iter().find(|(_, record)| text(record) == body).unwrap()
    };
    let belongs = |body: &str, to: &str| {
        let (record, span) = (&log(body).1, span(to));
        assert_eq!(
            (&record.trace_id, &record.span_id),
            (&span.trace_id, &span.span_id),
            "{body} belongs to {to}"
        );
    };

    let (scope, record) = log("a message");
    assert_eq!(scope, "app::events");
    assert_eq!((record.severity_number, record.severity_text.as_str()), (9, "INFO"));
    assert_eq!(record.event_name, "");
    assert!(record.time_unix_nano > 0 && record.observed_time_unix_nano >= record.time_unix_nano);
    assert!(record.trace_id.is_empty() && record.span_id.is_empty());
    assert_eq!(attribute(record, "answer"), Some(&AnyValue::IntValue(42)));
    assert_eq!(attribute(record, "big"), Some(&AnyValue::StringValue(u64::MAX.to_string())));
    assert_eq!(attribute(record, "ratio"), Some(&AnyValue::DoubleValue(0.5)));
    assert_eq!(attribute(record, "ok"), Some(&AnyValue::BoolValue(true)));
    assert_eq!(attribute(record, "shown"), Some(&AnyValue::StringValue("display".into())));
    assert_eq!(attribute(record, "what"), Some(&AnyValue::StringValue("Some(\"debug\")".into())));
    assert_eq!(attribute(record, "error"), Some(&AnyValue::StringValue("broken".into())));
    assert_eq!(attribute(record, "exception.message"), Some(&AnyValue::StringValue("broken".into())));

    belongs("inside instrumented", "instrumented");
    let (scope, record) = log("from log 1");
    assert_eq!((scope.as_str(), record.severity_number), ("a_library", 13));
    belongs("from log 1", "instrumented");
    belongs("with an explicit parent", "explicit");
    assert!(log("without a parent").1.trace_id.is_empty());
    belongs("from the global logger", "manual");
    belongs("inside manual", "manual");
    assert_eq!(span("manual").parent_span_id, span("explicit").span_id);
    assert_eq!(span("explicit").attributes.len(), 1, "lean spans: {:?}", span("explicit").attributes);
    assert_eq!(mock.metrics()[0].name, "global.count");

    let stopped = |(_, record): &&(String, LogRecord)| {
        text(record).starts_with("too") || text(record).contains("diagnostics")
    };
    assert_eq!(logs.iter().find(stopped), None);
    // The error event set the status of its span; all other events are log records only.
    assert_eq!(spans.iter().map(|span| span.events.len()).sum::<usize>(), 1);

    // After shutdown every call still returns.
    tools.logger("x").info("lost", &[]);
    drop(tools.tracer("x").start_as_current_span("lost"));
    tools.meter("x").u64_counter("lost").build().add(1, &[]);
    tools.force_flush().unwrap();
}

fn opentelemetry_tracer(name: &'static str) -> autotelemetry::opentelemetry::global::BoxedTracer {
    autotelemetry::opentelemetry::global::tracer(name)
}

trait ToList {
    fn to_list(self) -> Value;
}

impl ToList for Vec<i64> {
    fn to_list(self) -> Value {
        Value::Array(self.into())
    }
}
