//! Parts that the program adds in code and the file names, at a real Collector.

use std::collections::HashMap;

use autotelemetry::{
    ProcessedLogRecord,
    opentelemetry::{
        SpanId, TraceFlags, TraceId,
        propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
        trace::{Link, SpanContext, TraceState},
    },
    opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample, SpanData},
    prelude::*,
};
use test_support::{
    collector::{Collector, field, metric, sections},
    require, with_file,
};

/// Samples spans whose name does not begin with `debug`.
#[derive(Debug, Clone)]
struct NoDebug;

impl ShouldSample for NoDebug {
    fn should_sample(
        &self,
        _: Option<&Context>,
        _: TraceId,
        name: &str,
        _: &SpanKind,
        _: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        let is_debug = name.starts_with("debug");
        let decision = if is_debug { SamplingDecision::Drop } else { SamplingDecision::RecordAndSample };
        SamplingResult { decision, attributes: Vec::new(), trace_state: TraceState::default() }
    }
}

/// A format with one header, `x-trace: TRACE`.
#[derive(Debug)]
struct OneHeader;

impl TextMapPropagator for OneHeader {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        injector.set("x-trace", context.span().span_context().trace_id().to_string());
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        let Some(header) = extractor.get("x-trace") else { return context.clone() };
        let trace = TraceId::from_hex(header).unwrap();
        let parent =
            SpanContext::new(trace, SpanId::from(1), TraceFlags::SAMPLED, true, TraceState::default());
        context.with_remote_span_context(parent)
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&[])
    }
}

const FILE: &str = "
propagators = [\"one_header\"]
[service]
name = \"shop\"
[resource]
detectors = [\"rack\"]
[traces]
sampler = \"no_debug\"
";

#[test]
fn parts_of_the_program_take_effect() {
    require!(Collector);
    let collector = Collector::start();
    let text = format!("{FILE}[otlp]\nendpoint = \"{}\"\nprotocol = \"grpc\"\n", collector.url("grpc"));
    let (builder, _directory) = with_file(&text, &[]);
    let tools = builder
        .set("logs.exporters", "otlp")
        .sampler("no_debug", NoDebug)
        .propagator("one_header", OneHeader)
        .detector("rack", || vec![("rack.id".to_owned(), "r42".into())])
        .span_processor("cards", |span: &mut SpanData| span.attributes.retain(|it| it.key.as_str() != "card"))
        .log_processor("cards", |record: &mut ProcessedLogRecord<'_>| {
            record.attributes.retain(|(key, _)| key.as_str() != "card");
        })
        .measurement_processor("cards", |attributes| attributes.retain(|it| it.key.as_str() != "card"))
        .build()
        .unwrap();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let headers = HashMap::from([("x-trace".to_owned(), trace.to_owned())]);
    let _context = tools.propagator().extract(&headers).attach();
    let attributes = |card: i64| [KeyValue::new("card", card), KeyValue::new("route", "/cart")];
    for name in ["order", "debug order"] {
        tools.tracer("shop").start_as_current_span(name).set_attributes(attributes(4711));
    }
    tools.logger("shop").info("ordered", &attributes(4711));
    for card in [4711, 4712] {
        tools.meter("shop").u64_counter("orders").build().add(1, &attributes(card));
    }
    tools.shutdown().unwrap();

    let output = collector.stop();
    let [span] = *sections(&output, "Span") else { panic!("{output}") };
    assert_eq!((field(span, "Name"), field(span, "Trace ID")), ("order", trace), "{output}");
    assert_eq!(field(span, "Parent ID"), "0000000000000001", "{output}");
    assert_eq!(output.matches("-> rack.id: Str(r42)").count(), 3, "{output}");
    assert_eq!(output.matches("-> route: Str(/cart)").count(), 3, "{output}");
    assert!(!output.contains("-> card"), "{output}");
    assert_eq!(field(metric(&output, "orders"), "Value"), "2", "{output}");
}
