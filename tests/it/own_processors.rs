//! Processors that the program adds in code.

use autotelemetry::{
    Builder, ObservabilityTools, ProcessedLogRecord,
    opentelemetry::{
        Key,
        logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity},
    },
    opentelemetry_sdk::trace::SpanData,
    prelude::*,
};
use test_support::{
    builder, line_buffer::LineBuffer, mock_collector::MockCollector, process, streams::stream_lines,
    with_file,
};
use tracing_subscriber::layer::SubscriberExt as _;

const CARD: &str = "4111111111111111";

fn is_card(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn hide_in(attributes: &mut [KeyValue]) {
    for attribute in attributes {
        if is_card(&attribute.value.as_str()) {
            attribute.value = "hidden".into();
        }
    }
}

fn hide_in_span(span: &mut SpanData) {
    hide_in(&mut span.attributes);
    span.events.events.iter_mut().for_each(|event| hide_in(&mut event.attributes));
}

fn hide_in_record(record: &mut ProcessedLogRecord<'_>) {
    for (_, value) in &mut record.attributes {
        if matches!(value, AnyValue::String(text) if is_card(text.as_str())) {
            *value = "hidden".into();
        }
    }
    if matches!(&record.body, Some(AnyValue::String(text)) if is_card(text.as_str())) {
        record.body = Some("hidden".into());
    }
}

fn hide_cards(builder: Builder) -> Builder {
    builder
        .span_processor("cards", hide_in_span)
        .log_processor("cards", hide_in_record)
        .measurement_processor("cards", |attributes| hide_in(attributes))
}

/// Emits a card number by each way.
fn emit(tools: &ObservabilityTools) {
    let card = || KeyValue::new("card", CARD);
    {
        let span = tools.tracer("shop").start_as_current_span("pay");
        span.set_attribute(card());
        span.add_event("charged", &[card()]);
        tools.logger("shop").info(CARD, &[card(), KeyValue::new("items", 3)]);
        let subscriber = tracing_subscriber::registry().with(tools.tracing_layer());
        tracing::subscriber::with_default(subscriber, || {
            let _span = tracing::info_span!("inner", card = CARD).entered();
            tracing::info!(card = CARD, "by tracing");
        });
        let bridge = tools.logger_provider().logger("bridge");
        let mut record = bridge.create_log_record();
        record.add_attribute(Key::new("card"), CARD);
        record.set_severity_number(Severity::Info);
        bridge.emit(record);
    }
    let meter = tools.meter("shop");
    let counter = meter.u64_counter("payments").build();
    counter.add(1, &[card()]);
    counter.add(2, &[KeyValue::new("card", "5500000000000004")]);
    meter.f64_histogram("amount").build().record(1.0, &[card()]);
    meter
        .u64_observable_counter("observed")
        .with_callback(|observer| {
            observer.observe(1, &[KeyValue::new("card", CARD)]);
            observer.observe(2, &[KeyValue::new("card", "5500000000000004")]);
        })
        .build();
}

#[test]
fn processors_change_all_signals_before_any_exporter() {
    let mock = MockCollector::start();
    let lines = LineBuffer::default();
    let tools = hide_cards(
        builder()
            .service_name("shop")
            .otlp_endpoint(mock.url())
            .set("traces.exporters", "otlp,console")
            .set("logs.exporters", "otlp,console")
            .set("metrics.exporters", "otlp,console")
            .console_writer(lines.clone()),
    )
    .build()
    .unwrap();
    emit(&tools);
    tools.shutdown().unwrap();
    for received in mock.received() {
        let body = String::from_utf8_lossy(&received.body).into_owned();
        assert!(body.contains("hidden") && !body.contains(CARD), "{body}");
    }
    assert_eq!((mock.spans().len(), mock.logs().len()), (2, 3));
    let mut payments = stream_lines(mock.metrics());
    payments.retain(|line| !line.starts_with("amount"));
    assert_eq!(
        payments,
        ["observed sum cumulative {card=hidden} 3", "payments sum cumulative {card=hidden} 3"]
    );
    let text = lines.text();
    assert!(text.contains("hidden") && !text.contains(CARD), "{text}");
}

#[test]
fn lines_of_json_are_processed() {
    let lines = LineBuffer::default();
    let builder = builder().service_name("shop").json_logs(true).console_writer(lines.clone());
    let tools = hide_cards(builder).build().unwrap();
    tools.logger("shop").info(CARD, &[KeyValue::new("card", CARD), KeyValue::new("items", 3)]);
    tools.shutdown().unwrap();
    let [line] = &*lines.json() else { panic!("{}", lines.text()) };
    assert_eq!((&line["message"], &line["attributes"]["card"]), (&"hidden".into(), &"hidden".into()));
    assert_eq!(line["attributes"]["items"], 3);
}

#[test]
fn processors_run_in_order_and_before_redaction_and_limits() {
    let text = "[service]\nname = \"shop\"\n[console]\nformat = \"json\"\n[redact]\nkeys = [\"secret\"]\n\
                [traces]\nexporters = [\"console\"]\n[attribute_limits]\nattribute_value_length_limit = 4\n";
    let (builder, _directory) = with_file(text, &[]);
    let lines = LineBuffer::default();
    let tools = builder
        .console_writer(lines.clone())
        .log_processor("first", |record| record.attributes.push(("secret".into(), "x".into())))
        .log_processor("second", |record| {
            assert_eq!((record.target(), record.severity()), ("shop", Some(Severity::Info)));
            let found = record.attributes.iter().any(|(key, _)| key.as_str() == "secret");
            record.attributes.push(("after".into(), format!("found={found}").into()));
        })
        .span_processor("first", |span| span.attributes.push(KeyValue::new("secret", "x")))
        .build()
        .unwrap();
    tools.logger("shop").info("text", &[]);
    drop(tools.tracer("shop").start_as_current_span("span"));
    tools.shutdown().unwrap();
    let [record, span] = &*lines.json() else { panic!("{}", lines.text()) };
    assert_eq!(record["attributes"]["secret"], "***");
    assert_eq!(record["attributes"]["after"], "foun", "{record}");
    assert_eq!(span["attributes"]["secret"], "***", "{span}");
}

#[test]
fn item_whose_processor_panics_is_lost_and_reported() {
    let output = process::run(process::function(module_path!(), "child_panics"));
    let stderr = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<_> = stderr.lines().filter(|line| line.starts_with("autotelemetry: ")).collect();
    assert_eq!(
        lines,
        [
            "autotelemetry: 1 span lost: the processor \"bad\" panicked",
            "autotelemetry: 1 log record lost: the processor \"bad\" panicked",
            "autotelemetry: 1 measurement lost: the processor \"bad\" panicked",
        ],
        "{stderr}"
    );
}

#[test]
#[ignore = "child process of other tests"]
fn child_panics() {
    let mock = MockCollector::start();
    let tools = builder()
        .service_name("shop")
        .otlp_endpoint(mock.url())
        .set("logs.exporters", "otlp")
        .span_processor("bad", |span| assert_ne!(span.name, "bad", "on purpose"))
        .log_processor("bad", |record| assert!(record.attributes.is_empty(), "on purpose"))
        .measurement_processor("bad", |attributes| assert!(attributes.is_empty(), "on purpose"))
        .build()
        .unwrap();
    let bad = &[KeyValue::new("bad", true)];
    for _ in 0..2 {
        drop(tools.tracer("shop").start_as_current_span("bad"));
        tools.logger("shop").info("bad", bad);
        let counter = tools.meter("shop").u64_counter("orders").build();
        counter.add(1, bad);
        counter.add(1, &[]);
    }
    drop(tools.tracer("shop").start_as_current_span("good"));
    tools.logger("shop").info("good", &[]);
    tools.shutdown().unwrap();
    assert_eq!((mock.spans().len(), mock.logs().len()), (1, 1));
    assert_eq!(stream_lines(mock.metrics()), ["orders sum cumulative {} 2"]);
}

#[test]
fn testing_tools_apply_processors() {
    let (tools, captured) = autotelemetry::testing::builder().configure(hide_cards).build();
    emit(&tools);
    captured.assert_span("pay").with_attribute("card", "hidden");
    captured.assert_log(Severity::Info).with_body("by tracing").with_attribute("card", "hidden");
    captured.assert_counter("payments").with_attribute("card", "hidden").is(3);
}
