//! Each propagator between services that send their spans to a real Collector.

use std::collections::HashMap;

use autotelemetry::{
    opentelemetry::{baggage::BaggageExt as _, propagation::TextMapPropagator as _},
    prelude::*,
};
use test_support::{
    builder,
    collector::{Collector, field, sections, sections_with},
    process, require,
};

/// The propagators of trace context.
const FORMATS: [&str; 6] = ["tracecontext", "b3", "b3multi", "jaeger", "ottrace", "xray"];

/// Returns a service with these propagators, which sends to the Collector.
fn service(collector: &Collector, propagators: &str, sampler: &str) -> ObservabilityTools {
    builder()
        .service_name("shop")
        .otlp_endpoint(collector.url("grpc"))
        .set("otlp.protocol", "grpc")
        .set("metrics.exporters", "")
        .set("propagators", propagators)
        .set("traces.sampler", sampler)
        .set("traces.baggage_attributes", "tenant.*")
        .build()
        .unwrap()
}

fn inject(tools: &ObservabilityTools, context: &Context) -> HashMap<String, String> {
    let mut headers = HashMap::new();
    tools.propagator().inject_context(context, &mut headers);
    headers
}

/// Asserts that one span is the parent of the other. Headers of OpenTracing have half of the trace
/// id.
fn assert_continued(parent: &str, child: &str, format: &str) {
    assert_eq!(field(child, "Parent ID"), field(parent, "ID"), "{format}: {parent}{child}");
    let [parent, child] = [parent, child].map(|span| field(span, "Trace ID"));
    let expected = if format == "ottrace" { format!("{:0>32}", &parent[16..]) } else { parent.to_owned() };
    assert_eq!(child, expected, "{format}");
}

/// Three services: the first header is in one format, the second one in another.
#[test]
fn trace_continues_through_each_pair_of_formats() {
    require!(Collector);
    let collector = Collector::start();
    let services = FORMATS.map(|format| (format, service(&collector, format, "parentbased_always_on")));
    for (first, frontend) in &services {
        for (second, backend) in &services {
            let name = |role: &str| format!("{role} {first} {second}");
            let baggage = Context::new().with_baggage([KeyValue::new("tenant.id", 7)]);
            let span = frontend.tracer("shop").start_with_context(name("frontend"), &baggage);
            let headers = inject(frontend, &baggage.with_span(span));

            let context = frontend.propagator().extract(&headers);
            let span = frontend.tracer("shop").start_with_context(name("gateway"), &context);
            let headers = inject(backend, &context.with_span(span));

            let context = backend.propagator().extract(&headers);
            backend.tracer("shop").start_with_context(name("backend"), &context).end();
        }
    }
    for (_, tools) in &services {
        tools.shutdown().unwrap();
    }
    let output = collector.stop();
    assert_eq!(sections(&output, "Span").len(), 3 * 36, "{output}");
    for first in FORMATS {
        for second in FORMATS {
            let span = |role: &str| match *sections_with(
                &output,
                "Span",
                "Name",
                &format!("{role} {first} {second}"),
            ) {
                [span] => span,
                _ => panic!("{role} {first} {second}: {output}"),
            };
            assert_eq!(field(span("frontend"), "Parent ID"), "");
            assert_continued(span("frontend"), span("gateway"), first);
            assert_continued(span("gateway"), span("backend"), second);
            // These formats carry baggage as well.
            let carries = |format: &str| ["jaeger", "ottrace"].contains(&format);
            let has_baggage = |role: &str| span(role).contains("-> tenant.id: Str(7)");
            assert!(has_baggage("frontend"));
            assert_eq!(has_baggage("gateway"), carries(first), "{first}");
            assert_eq!(has_baggage("backend"), carries(first) && carries(second), "{first} {second}");
        }
    }
}

#[test]
fn decision_to_drop_a_trace_is_passed_on() {
    require!(Collector);
    let collector = Collector::start();
    for format in FORMATS {
        for (sampler, name) in [("always_off", "dropped"), ("always_on", "kept")] {
            let client = service(&collector, format, sampler);
            let server = service(&collector, format, "parentbased_always_on");
            let span = client.tracer("shop").start_with_context(name, &Context::new());
            let headers = inject(&client, &Context::new().with_span(span));
            let context = server.propagator().extract(&headers);
            server.tracer("shop").start_with_context(name, &context).end();
            server.shutdown().unwrap();
            client.shutdown().unwrap();
        }
    }
    let output = collector.stop();
    let count = |name: &str| sections_with(&output, "Span", "Name", name).len();
    assert_eq!((count("dropped"), count("kept")), (0, 2 * FORMATS.len()), "{output}");
}

/// A job that another program starts.
#[test]
#[ignore = "child process of other tests"]
fn child_job() {
    let tools = autotelemetry::init().unwrap();
    let _context = tools.context_from_env().attach();
    drop(tools.tracer("job").start_as_current_span("job"));
    tools.shutdown().unwrap();
}

#[test]
fn job_continues_the_trace_of_the_program_that_starts_it() {
    require!(Collector);
    for format in FORMATS.into_iter().chain(["tracecontext,baggage"]) {
        let collector = Collector::start();
        let tools = service(&collector, format, "always_on");
        {
            let _baggage = Context::new().with_baggage([KeyValue::new("tenant.id", 7)]).attach();
            let _span = tools.tracer("shop").start_as_current_span("start the job");
            let mut job = process::function(module_path!(), "child_job");
            job.env("OTEL_SERVICE_NAME", "job")
                .env("OTEL_PROPAGATORS", format)
                .env("OTEL_TRACES_EXPORTER", "otlp")
                .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url("http/protobuf"))
                .env("AUTOTEL_TRACES__BAGGAGE_ATTRIBUTES", "tenant.*");
            tools.inject_env(&mut job);
            process::run(job);
        }
        tools.shutdown().unwrap();
        let output = collector.stop();
        let span = |name: &str| match *sections_with(&output, "Span", "Name", name) {
            [span] => span,
            _ => panic!("{format} {name}: {output}"),
        };
        assert_continued(span("start the job"), span("job"), format);
        let is_baggage = format.contains("baggage");
        assert!(!is_baggage || span("job").contains("-> tenant.id: Str(7)"), "{output}");
    }
}
