//! The formats of other systems for trace context and baggage: B3, Jaeger, OpenTracing, X-Ray.

use std::collections::BTreeMap;

use autotelemetry::opentelemetry::{
    Context,
    baggage::BaggageExt as _,
    propagation::{Extractor, Injector, TextMapPropagator as _},
    trace::TraceContextExt as _,
};
use test_support::builder;

const TRACE: &str = "80f198ee56343ba864fe8b2a57d3eff7";
const SPAN: &str = "e457b5a2e4d86bd1";

/// Headers with names in lower case, as HTTP/2 sends them.
#[derive(Debug, Clone, Default, PartialEq)]
struct Headers(BTreeMap<String, String>);

impl Headers {
    fn of(headers: &[(&str, &str)]) -> Self {
        Self(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }
}

impl Extractor for Headers {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(&key.to_lowercase()).map(String::as_str)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

impl Injector for Headers {
    fn set(&mut self, key: &str, value: String) {
        self.0.insert(key.to_lowercase(), value);
    }
}

fn extract(propagators: &str, headers: &Headers) -> Context {
    let tools = builder().service_name("x").set("propagators", propagators).build().unwrap();
    tools.propagator().extract_with_context(&Context::new(), headers)
}

fn inject(propagators: &str, context: &Context) -> Headers {
    let tools = builder().service_name("x").set("propagators", propagators).build().unwrap();
    let mut headers = Headers::default();
    tools.propagator().inject_context(context, &mut headers);
    headers
}

/// Returns `TRACE SPAN SAMPLED` of the remote parent, or an empty text.
fn parent(context: &Context) -> String {
    let span = context.span();
    let span = span.span_context();
    if !span.is_valid() {
        return String::new();
    }
    assert!(span.is_remote());
    format!("{} {} {}", span.trace_id(), span.span_id(), span.is_sampled())
}

#[track_caller]
fn assert_parent(propagators: &str, headers: &[(&str, &str)], expected: &str) {
    assert_eq!(parent(&extract(propagators, &Headers::of(headers))), expected, "{headers:?}");
}

#[test]
fn b3_in_one_header_is_read() {
    let sampled = format!("{TRACE} {SPAN} true");
    let dropped = format!("{TRACE} {SPAN} false");
    for (header, expected) in [
        ("80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90", &*sampled),
        ("80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-d", &sampled),
        ("80F198EE56343BA864FE8B2A57D3EFF7-E457B5A2E4D86BD1-1", &sampled),
        ("80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-0", &dropped),
        ("80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1", &dropped),
        ("a3ce929d0e0e4736-00f067aa0ba902b7-1", "0000000000000000a3ce929d0e0e4736 00f067aa0ba902b7 true"),
        ("0", ""),
        ("", ""),
        ("a3ce929d0e0e473-00f067aa0ba902b7-1", ""),
        ("00000000000000000000000000000000-e457b5a2e4d86bd1-1", ""),
        ("80f198ee56343ba864fe8b2a57d3eff7-0000000000000000-1", ""),
        ("80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-2", ""),
        ("80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90-1", ""),
        ("80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-parent", ""),
        ("+0f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1", ""),
        ("ä", ""),
    ] {
        assert_parent("b3", &[("b3", header)], expected);
        assert_parent("b3multi", &[("b3", header)], expected);
    }
    let long = format!("{TRACE}-{SPAN}-1{}", " ".repeat(9000) + "x");
    assert_parent("b3", &[("b3", &long)], "");
}

#[test]
fn b3_in_several_headers_is_read_if_the_single_one_is_not_valid() {
    let ids = [("x-b3-traceid", TRACE), ("x-b3-spanid", SPAN)];
    let sampled = format!("{TRACE} {SPAN} true");
    let dropped = format!("{TRACE} {SPAN} false");
    for (name, value, expected) in [
        ("x-b3-sampled", "1", &*sampled),
        ("x-b3-sampled", "True", &sampled),
        ("x-b3-flags", "1", &sampled),
        ("x-b3-sampled", "0", &dropped),
        ("x-b3-sampled", "false", &dropped),
        ("x-b3-parentspanid", "05e3ac9a4f6e3b90", &dropped),
        ("x-b3-sampled", "maybe", ""),
    ] {
        assert_parent("b3", &[ids[0], ids[1], (name, value)], expected);
        assert_parent("b3multi", &[ids[0], ids[1], (name, value), ("b3", "bad")], expected);
    }
    assert_parent("b3", &[ids[0]], "");
    let single = "a3ce929d0e0e4736-00f067aa0ba902b7-1";
    let both = [ids[0], ids[1], ("b3", single)];
    assert_parent("b3multi", &both, "0000000000000000a3ce929d0e0e4736 00f067aa0ba902b7 true");
}

/// A context that is used for another trace, such as one of a later message, has its decision only.
#[test]
fn debug_request_belongs_to_its_trace() {
    let context = extract("b3", &Headers::of(&[("b3", &format!("{TRACE}-{SPAN}-d"))]));
    let tools = builder().service_name("x").set("propagators", "b3,jaeger").build().unwrap();
    let later = Headers::of(&[("b3", &format!("{SPAN}-{SPAN}-1"))]);
    let later = tools.propagator().extract_with_context(&context, &later);
    let zeros = "0".repeat(16);
    assert_eq!(inject("b3", &later), Headers::of(&[("b3", &format!("{zeros}{SPAN}-{SPAN}-1"))]));
    assert_eq!(
        inject("jaeger", &later),
        Headers::of(&[("uber-trace-id", &format!("{zeros}{SPAN}:{SPAN}:0:1"))])
    );
}

#[test]
fn debug_request_of_b3_is_passed_on() {
    let header = format!("{TRACE}-{SPAN}-d");
    let context = extract("b3", &Headers::of(&[("b3", &header)]));
    assert_eq!(inject("b3", &context), Headers::of(&[("b3", &header)]));
    let multi = [("x-b3-traceid", TRACE), ("x-b3-spanid", SPAN), ("x-b3-flags", "1")];
    assert_eq!(inject("b3multi", &context), Headers::of(&multi));
    let jaeger = format!("{TRACE}:{SPAN}:0:3");
    assert_eq!(inject("jaeger", &context), Headers::of(&[("uber-trace-id", &jaeger)]));
}

#[test]
fn jaeger_header_is_read() {
    for (header, expected) in [
        ("80f198ee56343ba864fe8b2a57d3eff7:e457b5a2e4d86bd1:0:1", &*format!("{TRACE} {SPAN} true")),
        ("80f198ee56343ba864fe8b2a57d3eff7:e457b5a2e4d86bd1:05e3ac9a:0", &format!("{TRACE} {SPAN} false")),
        ("80f198ee56343ba864fe8b2a57d3eff7%3Ae457b5a2e4d86bd1%3A0%3A3", &format!("{TRACE} {SPAN} true")),
        ("3ce929d0e0e4736:f067aa0ba902b7:0:1", "000000000000000003ce929d0e0e4736 00f067aa0ba902b7 true"),
        ("80f198ee56343ba864fe8b2a57d3eff7:e457b5a2e4d86bd1:0", ""),
        ("80f198ee56343ba864fe8b2a57d3eff7:e457b5a2e4d86bd1:0:1:1", ""),
        ("80f198ee56343ba864fe8b2a57d3eff7:1e457b5a2e4d86bd1:0:1", ""),
        ("0:e457b5a2e4d86bd1:0:1", ""),
        (":::", ""),
    ] {
        assert_parent("jaeger", &[("uber-trace-id", header)], expected);
    }
}

#[test]
fn x_ray_header_is_read() {
    let sampled = "8a3c60f7d188f8fa79d48a391a778fa6 53995c3f42cd8ad8 true";
    let dropped = "8a3c60f7d188f8fa79d48a391a778fa6 53995c3f42cd8ad8 false";
    for (header, expected) in [
        ("Root=1-8a3c60f7-d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad8;Sampled=1", sampled),
        ("Root=1-8a3c60f7-d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad8;;Sampled=1; ", sampled),
        ("Sampled=1; Parent=53995c3f42cd8ad8; Self=1-1-1; Root=1-8a3c60f7-d188f8fa79d48a391a778fa6", sampled),
        ("Root=1-8a3c60f7-d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad8;Sampled=?", dropped),
        ("Root=1-8a3c60f7-d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad8", dropped),
        ("Root=1-8a3c60f7-d188f8fa79d48a391a778fa6;Sampled=1", ""),
        ("Root=2-8a3c60f7-d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad8;Sampled=1", ""),
        ("Root=1-8a3c60f-7d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad8;Sampled=1", ""),
        ("Root", ""),
    ] {
        assert_parent("xray", &[("x-amzn-trace-id", header)], expected);
    }
}

#[test]
fn open_tracing_headers_are_read() {
    let rest = [("ot-tracer-spanid", SPAN), ("ot-tracer-sampled", "true")];
    for (id, expected) in [
        (TRACE, format!("{TRACE} {SPAN} true")),
        ("64fe8b2a57d3eff7", format!("000000000000000064fe8b2a57d3eff7 {SPAN} true")),
        ("64fe8b2a57d3eff", String::new()),
    ] {
        assert_parent("ottrace", &[("ot-tracer-traceid", id), rest[0], rest[1]], &expected);
    }
    assert_parent("ottrace", &[("ot-tracer-traceid", TRACE), rest[0]], &format!("{TRACE} {SPAN} false"));
}

#[test]
fn injected_headers_are_those_of_the_format() {
    let context = extract("b3", &Headers::of(&[("b3", &format!("{TRACE}-{SPAN}-1"))]));
    let root = format!("Root=1-80f198ee-56343ba864fe8b2a57d3eff7;Parent={SPAN};Sampled=1");
    for (propagators, headers) in [
        ("b3", &[("b3", &*format!("{TRACE}-{SPAN}-1"))][..]),
        ("b3multi", &[("x-b3-traceid", TRACE), ("x-b3-spanid", SPAN), ("x-b3-sampled", "1")]),
        ("jaeger", &[("uber-trace-id", &*format!("{TRACE}:{SPAN}:0:1"))]),
        ("xray", &[("x-amzn-trace-id", &*root)]),
        (
            "ottrace",
            &[
                ("ot-tracer-traceid", "64fe8b2a57d3eff7"),
                ("ot-tracer-spanid", SPAN),
                ("ot-tracer-sampled", "true"),
            ],
        ),
    ] {
        assert_eq!(inject(propagators, &context), Headers::of(headers));
        assert_eq!(inject(propagators, &Context::new()), Headers::default(), "no span");
        let again = parent(&extract(propagators, &inject(propagators, &context)));
        // OpenTracing has ids of 64 bits.
        let trace = if propagators == "ottrace" { "000000000000000064fe8b2a57d3eff7" } else { TRACE };
        assert_eq!(again, format!("{trace} {SPAN} true"), "{propagators}");
    }
}

#[test]
fn baggage_of_jaeger_and_opentracing_is_passed_on() {
    for (propagators, prefix) in [("jaeger", "uberctx-"), ("ottrace", "ot-baggage-")] {
        let name = format!("{prefix}user-id");
        // OpenTracing passes baggage with a trace only.
        let ids = [("ot-tracer-traceid", SPAN), ("ot-tracer-spanid", SPAN), ("ot-tracer-sampled", "true")];
        let ids = if propagators == "ottrace" { &ids[..] } else { &[] };
        let headers = Headers::of(&[ids, &[(&name, "a%20b%C3%A4"), (prefix, "no key")]].concat());
        let context = extract(propagators, &headers);
        let value = context.baggage().get("user-id").map(ToString::to_string);
        assert_eq!((context.baggage().len(), value.as_deref()), (1, Some("a bä")));
        let expected = Headers::of(&[ids, &[(&name, "a%20b%C3%A4")]].concat());
        assert_eq!(inject(propagators, &context), expected);

        let mut many = Headers::of(ids);
        many.0.extend((0..1000).map(|number| (format!("{prefix}k{number}"), "v".repeat(100))));
        assert!((1..=64).contains(&extract(propagators, &many).baggage().len()));
    }
}

#[test]
fn last_valid_parent_of_several_formats_counts() {
    let b3 = format!("{TRACE}-{SPAN}-1");
    let w3c = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
    let headers = [("b3", &*b3), ("traceparent", w3c), ("x-amzn-trace-id", "bad")];
    let of_b3 = format!("{TRACE} {SPAN} true");
    assert_parent("tracecontext,b3,xray", &headers, &of_b3);
    assert_parent("b3,tracecontext", &headers, "4bf92f3577b34da6a3ce929d0e0e4736 00f067aa0ba902b7 false");
}

#[test]
fn fields_are_the_headers_of_all_formats() {
    let tools =
        builder().service_name("x").set("propagators", "b3,b3multi,jaeger,ottrace,xray").build().unwrap();
    let mut fields: Vec<_> = tools.propagator().fields().collect();
    fields.sort_unstable();
    let expected = [
        "b3",
        "ot-tracer-sampled",
        "ot-tracer-spanid",
        "ot-tracer-traceid",
        "uber-trace-id",
        "x-amzn-trace-id",
        "x-b3-flags",
        "x-b3-sampled",
        "x-b3-spanid",
        "x-b3-traceid",
    ];
    assert_eq!(fields, expected);
}
