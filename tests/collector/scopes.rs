//! Scopes, detectors, cardinality limits and processors at a real Collector.

use autotelemetry::{opentelemetry_sdk::trace::SpanData, prelude::*};
use test_support::{
    collector::{Collector, field, sections},
    require, with_file,
};

const KEYS: &str = r#"
[resource]
detectors = ["host", "os", "process"]
detector_attributes = { excluded = ["process.owner", "process.executable.*"] }

[[traces.scopes]]
name = "noisy.*"
enabled = false

[[logs.scopes]]
name = "noisy.*"
minimum_severity = "error"

[[metrics.scopes]]
name = "noisy.*"
enabled = false

[metrics]
cardinality_limits = { counter = 3 }
"#;

fn hide_card(span: &mut SpanData) {
    span.attributes.retain(|attribute| attribute.key.as_str() != "card");
}

#[test]
fn collector_receives_what_scopes_and_limits_let_through() {
    require!(Collector);
    let collector = Collector::start();
    let text = format!(
        "[service]\nname = \"shop\"\n[otlp]\nendpoint = \"{}\"\nprotocol = \"grpc\"\n{KEYS}",
        collector.url("grpc")
    );
    let (builder, _directory) = with_file(&text, &[]);
    let tools = builder.span_processor("cards", hide_card).set("logs.exporters", "otlp").build().unwrap();
    for scope in ["shop", "noisy.pool"] {
        let span = tools.tracer(scope).start_as_current_span("work");
        span.set_attributes([KeyValue::new("card", "4111"), KeyValue::new("route", "/cart")]);
        let logger = tools.logger(scope);
        logger.info("done", &[]);
        logger.error("failed", &[]);
        let counter = tools.meter(scope).u64_counter("items").build();
        let gauge = tools.meter(scope).i64_gauge("level").build();
        for number in 0..5 {
            counter.add(1, &[KeyValue::new("number", number)]);
            gauge.record(number, &[KeyValue::new("number", number)]);
        }
    }
    tools.shutdown().unwrap();
    let output = collector.stop();

    let spans = sections(&output, "Span");
    assert_eq!(spans.len(), 1, "{output}");
    assert!(spans[0].contains("-> route: Str(/cart)") && !output.contains("4111"), "{output}");
    let bodies: Vec<_> = sections(&output, "LogRecord").into_iter().map(|log| field(log, "Body")).collect();
    assert_eq!(bodies.len(), 3, "{output}");
    assert_eq!(bodies.iter().filter(|body| **body == "Str(failed)").count(), 2, "{output}");
    // Three sets of the counter and the overflow of the others, and all five of the gauge.
    assert_eq!(output.matches("Metric #").count(), 2, "{output}");
    assert_eq!(output.matches("NumberDataPoints #").count(), 4 + 5, "{output}");
    assert_eq!(output.matches("-> otel.metric.overflow: Bool(true)").count(), 1, "{output}");

    let process = format!("-> process.pid: Int({})", std::process::id());
    for detected in ["-> host.arch: Str(", "-> os.type: Str(", process.as_str()] {
        assert_eq!(output.matches(detected).count(), 3, "{detected}: {output}");
    }
    assert!(!output.contains("process.owner") && !output.contains("process.executable"), "{output}");
}
