//! The propagators with the vectors that the test suites of other languages publish.
//!
//! | format | suites |
//! |---|---|
//! | `b3`, `b3multi` | Go, `propagators/b3/b3_data_test.go`; Java, `B3PropagatorTest` |
//! | `jaeger` | Go, `propagators/jaeger/jaeger_data_test.go`; Java, `JaegerPropagatorTest` |
//! | `ottrace` | Go, `propagators/ot/ot_data_test.go`; Java, `OtTracePropagatorTest` |
//! | `xray` | Go, `propagators/aws/xray/propagator_test.go`; Java, `AwsXrayPropagatorTest` |
//! | `tracecontext` | W3C, `trace-context/test/test.py`; see `propagation.rs` |
//!
//! Where two suites contradict each other, this library follows the description of the format:
//!
//! - Go refuses B3 ids in upper case, and Java accepts them, as this library does.
//! - Java accepts `true` and a parent id of any length in the single header of B3, and Go does not.
//! - Go refuses ids of Jaeger without leading zeros. Java fills them up, as this library does.
//! - Java refuses flags of Jaeger with more than two digits, and Go accepts them.
//! - Java reads other fields of X-Ray as baggage, and Go ignores them, as this library does.
//!
//! The header `jaeger-baggage`, which only Java reads, is not supported.

use std::collections::HashMap;

use autotelemetry::opentelemetry::{
    Context, SpanId, TraceFlags, TraceId,
    baggage::BaggageExt as _,
    propagation::TextMapPropagator as _,
    trace::{SpanContext, TraceContextExt as _, TraceState},
};
use test_support::builder;

type Headers = HashMap<String, String>;

fn extract(propagators: &str, headers: &Headers) -> Context {
    let tools = builder().service_name("x").set("propagators", propagators).build().unwrap();
    tools.propagator().extract_with_context(&Context::new(), headers)
}

/// Returns `TRACE-SPAN-SAMPLED` of the parent in these headers, or an empty text.
#[track_caller]
fn parent(propagators: &str, headers: &[(&str, &str)]) -> String {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let context = extract(propagators, &headers);
    let span = context.span();
    let span = span.span_context();
    if !span.is_valid() {
        return String::new();
    }
    format!("{}-{}-{}", span.trace_id(), span.span_id(), u8::from(span.is_sampled()))
}

/// Returns the headers of a span, as `NAME: VALUE`, sorted.
fn injected(propagators: &str, trace: &str, span: &str, flags: TraceFlags) -> Vec<String> {
    let ids = (TraceId::from_hex(trace).unwrap(), SpanId::from_hex(span).unwrap());
    let span = SpanContext::new(ids.0, ids.1, flags, true, TraceState::default());
    let tools = builder().service_name("x").set("propagators", propagators).build().unwrap();
    let mut headers = Headers::new();
    tools.propagator().inject_context(&Context::new().with_remote_span_context(span), &mut headers);
    let mut headers: Vec<_> = headers.into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
    headers.sort();
    headers
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";
const SAMPLED: &str = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1";
const DROPPED: &str = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0";
const SHORT_DROPPED: &str = "0000000000000000a3ce929d0e0e4736-00f067aa0ba902b7-0";

#[test]
fn b3_multi_vectors_of_go() {
    let ids = [("x-b3-traceid", TRACE), ("x-b3-spanid", SPAN)];
    for (others, expected) in [
        (&[][..], DROPPED),
        (&[("x-b3-sampled", "0")], DROPPED),
        (&[("x-b3-sampled", "1")], SAMPLED),
        (&[("x-b3-sampled", "true")], SAMPLED),
        (&[("x-b3-sampled", "false")], DROPPED),
        (&[("x-b3-flags", "1")], SAMPLED),
        (&[("x-b3-sampled", "1"), ("x-b3-flags", "2")], SAMPLED),
        (&[("x-b3-sampled", "0"), ("x-b3-flags", "1")], SAMPLED),
        (&[("x-b3-sampled", "1"), ("x-b3-parentspanid", "00f067aa0ba90200")], SAMPLED),
        // The single header takes precedence, unless it is invalid.
        (&[("b3", SAMPLED), ("x-b3-sampled", "0")], SAMPLED),
        (&[("b3", "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-"), ("x-b3-sampled", "0")], DROPPED),
        (&[("b3", SAMPLED), ("x-b3-sampled", "invalid")], SAMPLED),
    ] {
        assert_eq!(parent("b3multi", &[&ids, others].concat()), expected, "{others:?}");
        assert_eq!(parent("b3", &[&ids, others].concat()), expected, "{others:?}");
    }
    let short = [("x-b3-traceid", "a3ce929d0e0e4736"), ids[1]];
    assert_eq!(parent("b3multi", &short), SHORT_DROPPED);
    for (trace, span, sampled) in [
        ("ab00000000000000000000000000000000", "cd00000000000000", "1"),
        ("ab0000000000000000000000000000", "cd00000000000000", "1"),
        ("ab0000000000", "cd00000000000000", "1"),
        ("ab000000000000000000000000000000", "cd0000000000000000", "1"),
        ("ab000000000000000000000000000000", "cd00000000000000", "10"),
        ("qw000000000000000000000000000000", "cd00000000000000", "1"),
        ("ab000000000000000000000000000000", "qw00000000000000", "1"),
        ("ab000000000000000000000000000000", "cd00000000000000", "d"),
        ("00000000000000000000000000000000", "cd00000000000000", "1"),
        ("ab000000000000000000000000000000", "0000000000000000", "1"),
        ("ab000000000000000000000000000000", "", "1"),
        ("", "cd00000000000000", "1"),
    ] {
        let headers = [("x-b3-traceid", trace), ("x-b3-spanid", span), ("x-b3-sampled", sampled)];
        assert_eq!(parent("b3multi", &headers), "", "{headers:?}");
    }
    assert_eq!(parent("b3multi", &[("x-b3-sampled", "0")]), "");
    assert_eq!(parent("b3multi", &[("x-b3-sampled", "1")]), "");
    for (flags, sampled) in [(TraceFlags::SAMPLED, "1"), (TraceFlags::default(), "0")] {
        let expected = [
            format!("x-b3-sampled: {sampled}"),
            format!("x-b3-spanid: {SPAN}"),
            format!("x-b3-traceid: {TRACE}"),
        ];
        assert_eq!(injected("b3multi", TRACE, SPAN, flags), expected);
        assert_eq!(injected("b3", TRACE, SPAN, flags), [format!("b3: {TRACE}-{SPAN}-{sampled}")]);
    }
}

#[test]
fn b3_single_vectors_of_go() {
    for (header, expected) in [
        ("4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", DROPPED),
        (DROPPED, DROPPED),
        (SAMPLED, SAMPLED),
        ("4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-d", SAMPLED),
        ("4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1-00000000000000cd", SAMPLED),
        ("0", ""),
        ("a3ce929d0e0e4736-00f067aa0ba902b7", SHORT_DROPPED),
        ("ab00000000000000000000000000000000-cd00000000000000-1", ""),
        ("ab000000000000000000000000000000-cd0000000000000000-1", ""),
        ("00-ab000000000000000000000000000000-cd00000000000000-01", ""),
        ("ab000000000000000000000000000000-cd00000000000000-1-cd0000000000000000", ""),
        ("qw000000000000000000000000000000-cd00000000000000-1", ""),
        ("ab000000000000000000000000000000-qw00000000000000-1", ""),
        ("ab000000000000000000000000000000-cd00000000000000-q", ""),
        ("ab000000000000000000000000000000-cd00000000000000-1-qw00000000000000", ""),
        ("00000000000000000000000000000000-0000000000000000-1", ""),
        ("ab000000000000000000000000000000-cd00000000000000-true", ""),
    ] {
        assert_eq!(parent("b3", &[("b3", header)]), expected, "{header}");
    }
}

#[test]
fn b3_vectors_of_java() {
    let (trace, span) = ("ff000000000000000000000000000041", "ff00000000000041");
    let of = |trace: &str, span: &str, sampled: &str| {
        parent("b3multi", &[("x-b3-traceid", trace), ("x-b3-spanid", span), ("x-b3-sampled", sampled)])
    };
    for (sampled, decision) in [("1", 1), ("true", 1), ("0", 0)] {
        assert_eq!(of(trace, span, sampled), format!("{trace}-{span}-{decision}"));
        let short = format!("0000000000000000ff00000000000000-{span}-{decision}");
        assert_eq!(of("ff00000000000000", span, sampled), short);
    }
    for (trace, span) in [
        ("gf000000000000000000000000000041", span),
        ("000000000000000000000000000041", span),
        ("ff00000000000000000000000000004100", span),
        ("00000000000000000000000000000000", span),
        (trace, "gf00000000000041"),
        (trace, "00000000000041"),
        (trace, "ff0000000000004100"),
        (trace, "0000000000000000"),
    ] {
        assert_eq!(of(trace, span, "1"), "", "{trace} {span}");
        assert_eq!(parent("b3", &[("b3", &format!("{trace}-{span}-1"))]), "", "{trace} {span}");
    }
}

#[test]
fn jaeger_vectors_of_go_and_java() {
    let (trace, span) = ("a1ce929d0e0e4736a3ce929d0e0e4736", SPAN);
    for (header, expected) in [
        ("{trace}:{span}:0:0", "{trace}-{span}-0"),
        ("{trace}:{span}:0:1", "{trace}-{span}-1"),
        ("{trace}:{span}:0:3", "{trace}-{span}-1"),
        ("{trace}:{span}:0:2", "{trace}-{span}-0"),
        ("{trace}:{span}:0:5", "{trace}-{span}-1"),
        ("{trace}:{span}:0:00001", "{trace}-{span}-1"),
        ("{trace}:{span}:0:ff", "{trace}-{span}-1"),
        ("a3ce929d0e0e4736:{span}:0:1", "0000000000000000a3ce929d0e0e4736-{span}-1"),
        ("{trace}:{span}:whatever:1", "{trace}-{span}-1"),
        ("4d0000000000000016:17c29:0:5", "000000000000004d0000000000000016-0000000000017c29-1"),
        ("236f2e:17c29:0:1", "00000000000000000000000000236f2e-0000000000017c29-1"),
        ("{trace}%3A{span}%3A0%3A5", "{trace}-{span}-1"),
        ("{trace}0000:{span}:0:1", ""),
        ("{trace}:{span}0000:0:1", ""),
        ("zcd00v0000000000a3ce929d0e0e4736:{span}:0:1", ""),
        ("{trace}:00f0wiredba902b7:0:1", ""),
        ("{trace}:{span}:0:wired", ""),
        ("{trace}:{span}:0:", ""),
        ("{trace}:{span}:0:abcdefr", ""),
        ("{trace}-{span}-0-1", ""),
        ("aa:bb:cc", ""),
        ("aa:bb:cc:dd:ee", ""),
        ("", ""),
    ] {
        let filled = |text: &str| text.replace("{trace}", trace).replace("{span}", span);
        assert_eq!(parent("jaeger", &[("uber-trace-id", &filled(header))]), filled(expected), "{header}");
    }
    for (flags, sampled) in [(TraceFlags::SAMPLED, 1), (TraceFlags::default(), 0)] {
        let expected = [format!("uber-trace-id: {trace}:{span}:0:{sampled}")];
        assert_eq!(injected("jaeger", trace, span, flags), expected);
    }
}

#[test]
fn open_tracing_vectors_of_go_and_java() {
    let (trace, span) = ("a1ce929d0e0e4736a3ce929d0e0e4736", SPAN);
    let headers = |trace, span, sampled| {
        [("ot-tracer-traceid", trace), ("ot-tracer-spanid", span), ("ot-tracer-sampled", sampled)]
    };
    for (sampled, decision) in [("1", 1), ("true", 1), ("0", 0), ("false", 0)] {
        assert_eq!(parent("ottrace", &headers(trace, span, sampled)), format!("{trace}-{span}-{decision}"));
        let short = format!("0000000000000000a3ce929d0e0e4736-{span}-{decision}");
        assert_eq!(parent("ottrace", &headers("a3ce929d0e0e4736", span, sampled)), short);
    }
    for (trace, span, sampled) in [
        ("a1ce929d0e0e4736a3ce929d0e0e47360000", span, "1"),
        ("1234567890abcd01234", span, "1"),
        (trace, "00f067aa0ba902b70000", "1"),
        ("zcd00v0000000000a3ce929d0e0e4736", span, "1"),
        (trace, "00f0wiredba902b7", "1"),
        (trace, span, "wired"),
        ("", span, "1"),
    ] {
        assert_eq!(parent("ottrace", &headers(trace, span, sampled)), "", "{trace} {span} {sampled}");
    }
    for (flags, sampled) in [(TraceFlags::SAMPLED, true), (TraceFlags::default(), false)] {
        let expected = [
            format!("ot-tracer-sampled: {sampled}"),
            format!("ot-tracer-spanid: {span}"),
            "ot-tracer-traceid: a3ce929d0e0e4736".to_owned(),
        ];
        assert_eq!(injected("ottrace", trace, span, flags), expected);
    }
    // Baggage needs a valid trace.
    for (id, entries) in [(trace, 2), ("00000000000000000000000000000000", 0)] {
        let baggage = [("ot-baggage-foo", "bar"), ("ot-baggage-key", "value")];
        let all = headers(id, span, "1").into_iter().chain(baggage);
        let all = all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        assert_eq!(extract("ottrace", &all).baggage().len(), entries, "{id}");
    }
}

#[test]
fn x_ray_vectors_of_go_and_java() {
    let of = |header: &str| parent("xray", &[("x-amzn-trace-id", header)]);
    let (trace, span) = ("8a3c60f7d188f8fa79d48a391a778fa6", "53995c3f42cd8ad8");
    let root = "Root=1-8a3c60f7-d188f8fa79d48a391a778fa6";
    for (header, decision) in [
        ("{root};Parent=53995c3f42cd8ad8;Sampled=1", 1),
        ("{root};Parent=53995c3f42cd8ad8;Sampled=0", 0),
        ("Parent=53995c3f42cd8ad8;Sampled=1;{root}", 1),
        ("{root};Parent=53995c3f42cd8ad8;Sampled=1;Foo=Bar", 1),
    ] {
        assert_eq!(of(&header.replace("{root}", root)), format!("{trace}-{span}-{decision}"), "{header}");
    }
    for (time, expected) in [("0", "00000000"), ("1a", "0000001a"), ("00000000", "00000000")] {
        let header = format!("Root=1-{time}-d188f8fa79d48a391a778fa6;Parent={span};Sampled=1;Foo=Bar");
        assert_eq!(of(&header), format!("{expected}d188f8fa79d48a391a778fa6-{span}-1"), "{header}");
    }
    for header in [
        "",
        "Root=abcdefghijklmnopabcdefghijklmnop;Parent=53995c3f42cd8ad8;Sampled=0",
        "Root=1-8a3c60f7-d188f8fa79d48a391a778fa600;Parent=53995c3f42cd8ad8;Sampled=0",
        "Root=1-8a3c60f7-d188f8fa79d48a391a778fa6;Parent=abcdefghijklmnop;Sampled=0",
        "Root=1-8a3c60f7-d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad800;Sampled=0",
        "Root=1-8a3c60f7-d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad8;Sampled=",
        "Root=1-8a3c60f7-d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad8;Sampled=10220",
        "Root=1-8a3c60f7-d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad8;Sampled=a",
        "Root=1-8a3c60f7-d188f8fa79d48a391a778fa6;Parent=0000000000000000;Sampled=1",
        "Root=1-622422bf-59625fe25708d4660735d8ef",
        "Root=1-8a3c60f711-d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad8;Sampled=0",
        "Root=1--d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad8;Sampled=0",
        "Root=1-d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad8;Sampled=0",
        "Root=2-1a2a3a4a-d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad8;Sampled=1;Foo=Bar",
        "Root=1-82138-1203123;Parent=53995c3f42cd8ad8;Sampled=1",
        "Root=5b00000000b000000000000000000000000;Parent=53995c3f42cd8ad8;Sampled=1",
    ] {
        assert_eq!(of(header), "", "{header}");
    }
    for (flags, sampled) in [(TraceFlags::SAMPLED, 1), (TraceFlags::default(), 0)] {
        let expected = [format!("x-amzn-trace-id: {root};Parent={span};Sampled={sampled}")];
        assert_eq!(injected("xray", trace, span, flags), expected);
    }
}
