//! Samplers, propagators and detectors that the program adds in code.

use std::collections::HashMap;

use autotelemetry::{
    Builder,
    opentelemetry::{
        Context, SpanId, TraceFlags, TraceId,
        propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
        trace::{Link, SpanContext, TraceContextExt as _, TraceState},
    },
    opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample},
    prelude::*,
};
use test_support::{builder, mock_collector::MockCollector, value, with_env, with_file};

/// Samples spans whose name begins with a letter, and panics at "bad".
#[derive(Debug, Clone)]
struct BeginsWith(char);

impl ShouldSample for BeginsWith {
    fn should_sample(
        &self,
        _: Option<&Context>,
        _: TraceId,
        name: &str,
        _: &SpanKind,
        _: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        assert_ne!(name, "bad", "on purpose");
        let decision =
            if name.starts_with(self.0) { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop };
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
        let trace = TraceId::from_hex(header).expect("a trace id");
        let parent =
            SpanContext::new(trace, SpanId::from(1), TraceFlags::SAMPLED, true, TraceState::default());
        context.with_remote_span_context(parent)
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&[])
    }
}

fn add_all(builder: Builder) -> Builder {
    builder
        .sampler("by_letter", BeginsWith('a'))
        .propagator("one_header", OneHeader)
        .detector("rack", || {
            vec![("rack.id".to_owned(), "r42".into()), ("host.arch".to_owned(), "z80".into())]
        })
        .detector("bad", || panic!("on purpose"))
}

#[test]
fn parts_are_chosen_by_their_names() {
    let mock = MockCollector::start();
    let text = format!(
        "propagators = [\"baggage\", \"one_header\"]\n[service]\nname = \"shop\"\n[otlp]\nendpoint = \"{}\"\n\
         [traces]\nsampler = \"by_letter\"\n[resource]\ndetectors = [\"rack\", \"host\", \"bad\"]\n",
        mock.url()
    );
    let (builder, _directory) = with_file(&text, &[]);
    let tools = add_all(builder).set("diagnostics.level", "off").build().unwrap();
    for name in ["apple", "bad", "beet"] {
        drop(tools.tracer("shop").start_as_current_span(name));
    }
    let id = "4bf92f3577b34da6a3ce929d0e0e4736";
    let headers = HashMap::from([("x-trace".to_owned(), id.to_owned())]);
    let context = tools.propagator().extract(&headers);
    assert_eq!(context.span().span_context().trace_id().to_string(), id);
    let mut outgoing = HashMap::<String, String>::new();
    tools.propagator().inject_context(&context, &mut outgoing);
    assert_eq!(outgoing["x-trace"], id);
    // A propagator that panics leaves the context as it is.
    let bad = HashMap::from([("x-trace".to_owned(), "not hex".to_owned())]);
    assert!(!tools.propagator().extract(&bad).has_active_span());

    tools.shutdown().unwrap();
    let names: Vec<_> = mock.spans().into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["apple"]);
    assert_eq!(value(&tools, "resource.attributes.rack.id"), "\"r42\"");
    assert_eq!(value(&tools, "resource.attributes.host.arch"), "\"z80\"", "the first detector counts");
    let explained = tools.explain();
    let (_, _, origin) = explained.values().find(|(key, ..)| *key == "resource.attributes.rack.id").unwrap();
    assert_eq!(origin.to_string(), "detector rack");
}

#[test]
fn variables_choose_parts() {
    let variables = [("OTEL_TRACES_SAMPLER", "by_letter"), ("OTEL_PROPAGATORS", "one_header,b3")];
    let tools = add_all(with_env(&variables).service_name("shop")).build().unwrap();
    assert_eq!(tools.warnings(), []);
    assert_eq!(value(&tools, "propagators"), "[\"one_header\",\"b3\"]");
}

#[test]
fn unknown_names_are_proposed_from_those_of_the_program() {
    let problem = |key: &str, name: &str| {
        add_all(builder().service_name("shop").set(key, name)).build().unwrap_err().to_string()
    };
    for (key, name, near) in [
        ("traces.sampler", "by_leter", "by_letter"),
        ("traces.sampler", "alwys_on", "always_on"),
        ("propagators", "one_heder", "one_header"),
        ("propagators", "b4", "b3"),
        ("resource.detectors", "rock", "rack"),
        ("resource.detectors", "hosst", "host"),
    ] {
        let text = problem(key, name);
        assert!(text.contains(&format!("\"{name}\" is not one of \"")), "{text}");
        assert!(text.contains(&format!("did you mean \"{near}\"?")), "{text}");
    }
    let (builder, _directory) =
        with_file("propagators = [\"baggage\", \"w3c\"]\n[service]\nname = \"x\"\n", &[]);
    let error = builder.build().unwrap_err().to_string();
    assert!(error.contains("autotelemetry.toml:1:27: propagators: \"w3c\" is not one of"), "{error}");
}

#[test]
fn names_that_cannot_be_used_are_refused() {
    let refused =
        |add: fn(Builder) -> Builder| add(builder().service_name("shop")).build().unwrap_err().to_string();
    for text in [
        refused(|builder| builder.sampler("always_on", BeginsWith('a'))),
        refused(|builder| builder.sampler("By letter", BeginsWith('a'))),
        refused(|builder| builder.propagator("none", OneHeader)),
        refused(|builder| builder.propagator("b3", OneHeader)),
        refused(|builder| builder.detector("host", Vec::new)),
    ] {
        assert!(text.contains("must consist of a-z") && text.contains("choose another name"), "{text}");
    }
    let text = refused(|builder| builder.detector("a", Vec::new).detector("a", Vec::new));
    assert!(text.contains("the program adds two detectors \"a\""), "{text}");
}
