//! The propagation of trace context and baggage.

use std::collections::HashMap;

use autotelemetry::{
    ObservabilityTools,
    opentelemetry::{
        Context,
        baggage::BaggageExt as _,
        propagation::{Extractor, TextMapPropagator as _},
        trace::TraceContextExt as _,
    },
};
use test_support::builder;

/// A request that may have a header several times.
struct Request<'h>(&'h [(&'static str, &'h str)]);

impl Extractor for Request<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.get_all(key)?.first().copied()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(key, _)| *key).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        let values: Vec<_> =
            self.0.iter().filter(|(other, _)| *other == key).map(|(_, value)| *value).collect();
        (!values.is_empty()).then_some(values)
    }
}

fn tools() -> ObservabilityTools {
    builder().service_name("x").build().unwrap()
}

/// Returns the entries of the baggage that a service forwards, sorted.
fn forwarded(headers: &[&str]) -> Vec<String> {
    let tools = tools();
    let headers: Vec<_> = headers.iter().map(|header| ("baggage", *header)).collect();
    let context = tools.propagator().extract(&Request(&headers));
    let mut outgoing = HashMap::new();
    tools.propagator().inject_context(&context, &mut outgoing);
    let header: String = outgoing.remove("baggage").unwrap_or_default();
    let mut entries: Vec<_> =
        header.split(',').filter(|entry| !entry.is_empty()).map(str::to_owned).collect();
    entries.sort();
    entries
}

#[test]
fn baggage_values_keep_all_characters() {
    let tools = tools();
    let header = "token=abc==,query=a=b,percent=100%25,encoded=50%252C, spaced = a%20b ,utf=%C3%A4,bad=%FF";
    let context = tools.propagator().extract(&Request(&[("baggage", header)]));
    for (key, value) in [
        ("token", "abc=="),
        ("query", "a=b"),
        ("percent", "100%"),
        ("encoded", "50%2C"),
        ("spaced", "a b"),
        ("utf", "ä"),
        ("bad", "\u{fffd}"),
    ] {
        assert_eq!(context.baggage().get(key).map(ToString::to_string).as_deref(), Some(value));
    }
    assert_eq!(
        forwarded(&[header]),
        [
            "bad=%EF%BF%BD",
            "encoded=50%252C",
            "percent=100%25",
            "query=a%3Db",
            "spaced=a%20b",
            "token=abc%3D%3D",
            "utf=%C3%A4"
        ]
    );
}

#[test]
fn baggage_properties_are_forwarded_unchanged() {
    for entry in ["a=1;p=x%2Cy;q", "a=1;p=%0D%0Ax", "a=1;p==;q=%3B"] {
        assert_eq!(forwarded(&[entry]), [entry]);
    }
    let context =
        Context::new().with_baggage([autotelemetry::opentelemetry::baggage::KeyValueMetadata::new(
            "a",
            "1",
            "p=x,y\r\nx-injected: 1",
        )]);
    let mut outgoing = HashMap::<String, String>::new();
    tools().propagator().inject_context(&context, &mut outgoing);
    assert_eq!(outgoing["baggage"], "a=1;p=x%2Cy%0D%0Ax-injected: 1");
}

#[test]
fn repeated_baggage_and_tracestate_are_joined() {
    let request = Request(&[
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("tracestate", "a=1"),
        ("tracestate", " b=2 , c=3"),
        ("tracestate", ""),
        ("baggage", "a=1"),
        ("baggage", "b=2, c=3"),
    ]);
    let tools = tools();
    let context = tools.propagator().extract(&request);
    assert_eq!(context.span().span_context().trace_state().header(), "a=1,b=2,c=3");
    assert_eq!(context.baggage().len(), 3);
    let mut outgoing = HashMap::<String, String>::new();
    tools.propagator().inject_context(&context, &mut outgoing);
    assert_eq!(outgoing["tracestate"], "a=1,b=2,c=3");
    assert_eq!(forwarded(&["a=1", "b=2, c=3", ""]), ["a=1", "b=2", "c=3"]);
}

#[test]
fn baggage_beyond_the_limits_keeps_whole_members() {
    let members: Vec<_> = (0..300).map(|number| format!("key{number}={}", "v".repeat(100))).collect();
    let kept = forwarded(&[&members.join(",")]);
    assert!(kept.len() == 64 && kept.iter().all(|entry| members.contains(entry)), "{kept:?}");
    let large = format!("small=1,large={}", "v".repeat(9000));
    assert_eq!(forwarded(&[&large]), ["small=1"]);
    // Encoding triples the length.
    let context =
        Context::new().with_baggage((0..4).map(|number| {
            autotelemetry::opentelemetry::KeyValue::new(format!("k{number}"), "=".repeat(2000))
        }));
    let mut outgoing = HashMap::<String, String>::new();
    tools().propagator().inject_context(&context, &mut outgoing);
    let header = &outgoing["baggage"];
    assert!(header.len() <= 8192 && header.split(',').count() == 1, "{}", header.len());
}

#[test]
fn invalid_baggage_leaves_the_context_unchanged() {
    let tools = tools();
    let before = Context::new().with_baggage([autotelemetry::opentelemetry::KeyValue::new("kept", "1")]);
    for header in ["", "nonsense", "=1", ",,;", "a b=1"] {
        let context = tools.propagator().extract_with_context(&before, &Request(&[("baggage", header)]));
        assert_eq!(context.baggage().get("kept").map(ToString::to_string).as_deref(), Some("1"), "{header}");
    }
}
