//! Entries of baggage that become attributes of spans and log records.

use std::collections::HashMap;

use autotelemetry::{
    ObservabilityTools,
    opentelemetry::{
        baggage::BaggageExt as _,
        logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _},
    },
    prelude::*,
    testing::{self, Captured},
};
use serde_json::json;
use test_support::{builder, line_buffer::LineBuffer};
use tracing_subscriber::{Registry, layer::SubscriberExt as _};

/// Returns tools that copy the entries with these names, and a context with three entries.
fn copying(names: &str) -> (ObservabilityTools, Captured, Context) {
    let configure = |builder: autotelemetry::Builder| {
        builder.set("traces.baggage_attributes", names).set("logs.baggage_attributes", names)
    };
    let (tools, captured) = testing::builder().configure(configure).build();
    let request =
        HashMap::from([("baggage".to_owned(), "tenant.id=7,tenant.name=a%20b,session=x".to_owned())]);
    let context = tools.propagator().extract(&request);
    (tools, captured, context)
}

fn keys_of_span(captured: &Captured, name: &str) -> Vec<String> {
    let spans = captured.spans();
    let span = spans.iter().find(|span| span.name == name).unwrap();
    let mut keys: Vec<_> = span.attributes.iter().map(|attribute| attribute.key.to_string()).collect();
    keys.retain(|key| key.starts_with("tenant") || key == "session");
    keys.sort();
    keys
}

#[test]
fn selected_entries_become_attributes_of_spans() {
    for (names, expected) in [
        ("tenant.*", &["tenant.id", "tenant.name"][..]),
        ("session,tenant.i?", &["session", "tenant.id"]),
        ("Tenant.*", &[]),
        ("", &[]),
    ] {
        let (tools, captured, context) = copying(names);
        let tracer = tools.tracer("test");
        let span = tracer.start_with_context("root", &context);
        let context = context.with_span(span);
        tracer.start_with_context("child", &context).end();
        drop(context);
        for span in ["root", "child"] {
            assert_eq!(keys_of_span(&captured, span), expected, "{names}");
        }
    }
}

#[test]
fn spans_of_tracing_carry_the_entries() {
    let (tools, captured, context) = copying("tenant.*");
    tracing::subscriber::with_default(Registry::default().with(tools.tracing_layer()), || {
        let _context = context.attach();
        tracing::info_span!("request").in_scope(|| tracing::info_span!("query").in_scope(|| ()));
    });
    for span in ["request", "query"] {
        assert_eq!(keys_of_span(&captured, span), ["tenant.id", "tenant.name"]);
    }
}

/// A caller cannot replace what the program knows.
#[test]
fn attributes_of_the_program_win() {
    let (tools, captured, context) = copying("tenant.*");
    let tracer = tools.tracer("test");
    let own = [KeyValue::new("tenant.id", "own")];
    drop(tracer.build_with_context(tracer.span_builder("span").with_attributes(own.clone()), &context));
    let spans = captured.spans();
    let ids: Vec<_> = spans[0].attributes.iter().filter(|entry| entry.key.as_str() == "tenant.id").collect();
    assert_eq!(ids, own.iter().collect::<Vec<_>>());

    let _context = context.attach();
    tools.logger("test").info("hello", &own);
    let mut record = tools.logger_provider().logger("bridge").create_log_record();
    record.add_attribute("tenant.id", "own");
    tools.logger_provider().logger("bridge").emit(record);
    for log in captured.logs() {
        let record = log.record();
        let of_key = |key: &'static str| {
            record.attributes_iter().filter(move |(other, _)| other.as_str() == key).map(|(_, value)| value)
        };
        assert_eq!(of_key("tenant.id").collect::<Vec<_>>(), [&AnyValue::from("own")]);
        assert_eq!(of_key("tenant.name").collect::<Vec<_>>(), [&AnyValue::from("a b")]);
    }
    assert_eq!(captured.logs().len(), 2);
}

#[test]
fn selected_entries_become_attributes_of_log_records() {
    let (tools, captured, context) = copying("tenant.*");
    tracing::subscriber::with_default(Registry::default().with(tools.tracing_layer()), || {
        let guard = context.attach();
        tools.logger("test").info("logger", &[]);
        tracing::info!("event");
        let span = tracing::info_span!("request");
        let record = tools.logger_provider().logger("bridge").create_log_record();
        tools.logger_provider().logger("bridge").emit(record);
        drop(guard);
        tracing::info!(parent: &span, "event of a span");
        tools.logger("test").info("outside", &[]);
    });
    let logs = captured.logs();
    let ids: Vec<_> = logs.iter().map(|log| log.attribute("tenant.id")).collect();
    let seven = AnyValue::from("7");
    assert_eq!(ids, [Some(&seven), Some(&seven), Some(&seven), Some(&seven), None]);
    assert!(logs.iter().all(|log| log.attribute("session").is_none()));
}

#[test]
fn lines_of_json_carry_the_entries() {
    let lines = LineBuffer::default();
    let builder = builder().service_name("x").json_logs(true).set("logs.baggage_attributes", "tenant.*");
    let tools = builder.console_writer(lines.clone()).build().unwrap();
    let logger = tools.logger("test");
    logger.info("without", &[]);
    let baggage = [KeyValue::new("tenant.id", "7"), KeyValue::new("other", "x")];
    let _context = Context::new().with_baggage(baggage).attach();
    logger.info("with", &[KeyValue::new("n", 1)]);
    tools.shutdown().unwrap();
    let lines = lines.json();
    assert_eq!(lines[0]["attributes"], json!({}));
    assert_eq!(lines[1]["attributes"], json!({ "tenant.id": "7", "n": 1 }));
}
