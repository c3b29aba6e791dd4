//! Sampling and baggage, as a real Collector receives them.

use autotelemetry::{opentelemetry::baggage::BaggageExt as _, prelude::*};
use test_support::{
    collector::{Collector, field, sections},
    require, with_file,
};

/// Drops health checks, and keeps checkout by a probability of 1.
const CONFIG: &str = r#"
[service]
name = "checkout"

[traces]
baggage_attributes = ["tenant.*"]

[[traces.sampler.composite.rule_based.rules]]
attribute_values = { key = "url.path", values = ["/healthz"] }
sampler = "always_off"

[[traces.sampler.composite.rule_based.rules]]
sampler = { parent_threshold = { root = { probability = { ratio = 1 } } } }
"#;

#[test]
fn rules_thresholds_and_baggage_reach_the_collector() {
    require!(Collector);
    for protocol in ["grpc", "http/protobuf", "http/json"] {
        let collector = Collector::start();
        let (builder, _directory) = with_file(CONFIG, &[]);
        let builder = builder.otlp_endpoint(collector.url(protocol)).set("otlp.protocol", protocol);
        let tools = builder.set("logs.exporters", "").build().unwrap();
        let tracer = tools.tracer("shop");
        let baggage = [KeyValue::new("tenant.id", "7"), KeyValue::new("session", "x")];
        let context = Context::new().with_baggage(baggage);
        for (name, path) in [("GET /healthz", "/healthz"), ("POST /checkout", "/checkout")] {
            let span = tracer.span_builder(name).with_attributes([KeyValue::new("url.path", path)]);
            let context = context.with_span(tracer.build_with_context(span, &context));
            tracer.start_with_context("query", &context).end();
        }
        tools.shutdown().unwrap();
        let output = collector.wait(|text| sections(text, "Span").len() == 2);
        let spans = sections(&output, "Span");
        let mut names: Vec<_> = spans.iter().map(|span| field(span, "Name")).collect();
        names.sort_unstable();
        assert_eq!(names, ["POST /checkout", "query"], "{protocol}: {output}");
        for span in spans {
            assert_eq!(field(span, "TraceState"), "ot=th:0", "{protocol}: {output}");
            assert!(span.contains("-> tenant.id: Str(7)") && !span.contains("session"), "{output}");
        }
    }
}
