//! The propagation of trace context and baggage.

use std::{collections::HashMap, ffi::OsStr, process::Command};

use autotelemetry::{
    ObservabilityTools, TracerExt as _,
    opentelemetry::{
        Context, SpanId, TraceFlags, TraceId,
        baggage::BaggageExt as _,
        propagation::{Extractor, TextMapPropagator as _},
        trace::{SpanContext, TraceContextExt as _, TraceState},
    },
};
use test_support::{builder, with_env};

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

/// Returns the headers that a service sends on for those of a request.
fn continued(headers: &[(&'static str, &str)]) -> Option<(String, Option<String>)> {
    let tools = tools();
    let context = tools.propagator().extract_with_context(&Context::new(), &Request(headers));
    let mut outgoing = HashMap::<String, String>::new();
    tools.propagator().inject_context(&context, &mut outgoing);
    Some((outgoing.remove("traceparent")?, outgoing.remove("tracestate")))
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// By W3C Trace Context, Level 2, and the vectors of its test suite.
#[test]
fn trace_parent_is_read_to_the_letter() {
    let continues = |header: String| continued(&[("traceparent", &header)]).map(|(parent, _)| parent);
    for (header, expected) in [
        (format!("00-{TRACE}-{PARENT}-01"), "01"),
        (format!("00-{TRACE}-{PARENT}-00"), "00"),
        // The flag `random` is passed on, unknown ones are not.
        (format!("00-{TRACE}-{PARENT}-02"), "02"),
        (format!("00-{TRACE}-{PARENT}-ff"), "03"),
        (format!(" \t00-{TRACE}-{PARENT}-01 "), "01"),
        // Later versions may append fields.
        (format!("01-{TRACE}-{PARENT}-01"), "01"),
        (format!("cc-{TRACE}-{PARENT}-01-what-the-future-brings"), "01"),
        (format!("cc-{TRACE}-{PARENT}-01-"), "01"),
    ] {
        assert_eq!(continues(header.clone()), Some(format!("00-{TRACE}-{PARENT}-{expected}")), "{header}");
    }
    for header in [
        format!("ff-{TRACE}-{PARENT}-01"),
        format!("00-{TRACE}-{PARENT}-01-"),
        format!("00-{TRACE}-{PARENT}-01-more"),
        format!("cc-{TRACE}-{PARENT}-01.more"),
        format!("0-{TRACE}-{PARENT}-01"),
        format!("+0-{TRACE}-{PARENT}-01"),
        format!("00-{TRACE}-{PARENT}-1"),
        format!("00-{TRACE}-{PARENT}-+1"),
        format!("00-{TRACE}-{PARENT}-"),
        format!("00-{TRACE}-{PARENT}"),
        format!("00-{}-{PARENT}-01", &TRACE[1..]),
        format!("00-{TRACE}0-{PARENT}-01"),
        format!("00-{TRACE}-{}-01", &PARENT[1..]),
        format!("00-{}-{PARENT}-01", TRACE.to_uppercase()),
        format!("00-{TRACE}-{}-01", PARENT.to_uppercase()),
        format!("0A-{TRACE}-{PARENT}-01"),
        format!("00-{TRACE}-{PARENT}-0A"),
        format!("00-{}-{PARENT}-01", "0".repeat(32)),
        format!("00-{TRACE}-{}-01", "0".repeat(16)),
        format!("00-{}-{PARENT}-01", TRACE.replace('4', ".")),
        format!("00.{TRACE}.{PARENT}.01"),
        format!("00-{}ä-{PARENT}-01", &TRACE[2..]),
        String::new(),
    ] {
        assert_eq!(continues(header.clone()), None, "{header}");
    }
    // Two parents contradict each other.
    let parent = format!("00-{TRACE}-{PARENT}-01");
    assert_eq!(continued(&[("traceparent", &parent), ("traceparent", &parent)]), None);
}

#[test]
fn trace_state_is_read_to_the_letter() {
    let parent = format!("00-{TRACE}-{PARENT}-01");
    let continues = |header: &str| {
        let (continued, state) = continued(&[("traceparent", &parent), ("tracestate", header)]).unwrap();
        assert_eq!(continued, parent, "an invalid state does not end the trace: {header:?}");
        state
    };
    let members = |count: usize| (0..count).map(|i| format!("k{i}=v")).collect::<Vec<_>>().join(",");
    let long_key = format!("{}=1", "z".repeat(256));
    let long_value = format!("a={}", "v".repeat(256));
    // One byte less than W3C allows, which the SDK refuses.
    let tenant = format!("{}@{}=1", "t".repeat(241), "v".repeat(13));
    for (header, expected) in [
        ("foo=1", "foo=1"),
        ("foo=1 \t , \t bar=2,", "foo=1,bar=2"),
        (",foo=1,,bar=2", "foo=1,bar=2"),
        ("0foo=1,a_b-c*/d=2,1@sys=3", "0foo=1,a_b-c*/d=2,1@sys=3"),
        ("foo=a b!~", "foo=a b!~"),
        (&long_key, &long_key),
        (&long_value, &long_value),
        (&tenant, &tenant),
        (&members(32), &members(32)),
    ] {
        assert_eq!(continues(header).as_deref(), Some(expected), "{header:?}");
    }
    let too_long_key = format!("{}=1", "z".repeat(257));
    let too_long_value = format!("a={}", "v".repeat(257));
    for header in [
        "",
        "foo",
        "=1",
        "foo=",
        "foo =1",
        "FOO=1",
        "foo.bar=1",
        "@foo=1",
        "foo=1=2",
        "foo=\u{7f}",
        "foo=ä",
        "a=1,B=1",
        &too_long_key,
        &too_long_value,
        &members(33),
    ] {
        assert_eq!(continues(header), None, "{header:?}");
    }
}

#[test]
fn environment_passes_the_context_of_the_parent_process() {
    let parent = format!("00-{TRACE}-{PARENT}-01");
    let variables =
        [("TRACEPARENT", &*parent), ("TRACESTATE", "a=1"), ("BAGGAGE", "tenant=blue"), ("X_B3_SAMPLED", "0")];
    let tools = with_env(&variables).service_name("x").build().unwrap();
    let context = tools.context_from_env();
    let span = context.span();
    let span = span.span_context();
    assert!(span.is_remote() && span.is_sampled());
    assert_eq!((span.trace_id().to_string(), span.span_id().to_string()), (TRACE.into(), PARENT.into()));
    assert_eq!(span.trace_state().header(), "a=1");
    assert_eq!(context.baggage().get("tenant").map(ToString::to_string).as_deref(), Some("blue"));

    for variables in [&[("TRACEPARENT", "00-bad-01")][..], &[("traceparent", &parent)], &[]] {
        let tools = with_env(variables).service_name("x").build().unwrap();
        assert!(!tools.context_from_env().has_active_span(), "{variables:?}");
    }
    let b3 = format!("{TRACE}-{PARENT}-1");
    let tools = with_env(&[("B3", &*b3), ("OTEL_PROPAGATORS", "b3")]).service_name("x").build().unwrap();
    assert!(tools.context_from_env().span().span_context().is_sampled());
}

/// The operating system would refuse to start the process.
#[test]
fn value_that_no_variable_can_have_is_not_passed() {
    let tools = tools();
    let state = TraceState::from_key_value([("a", "b\0c")]).unwrap();
    let span = SpanContext::new(TraceId::from(1), SpanId::from(1), TraceFlags::SAMPLED, false, state);
    let _guard = Context::new().with_remote_span_context(span).attach();
    let mut command = Command::new("job");
    tools.inject_env(&mut command);
    let names: Vec<_> = variables(&command).into_iter().filter(|(_, value)| value.is_some()).collect();
    assert_eq!(names.len(), 1, "{names:?}");
    assert_eq!(names[0].0, "TRACEPARENT");
}

/// Returns the variables that a command gets, `None` for those that are removed.
fn variables(command: &Command) -> Vec<(String, Option<String>)> {
    let text = |text: &OsStr| text.to_str().unwrap().to_owned();
    command.get_envs().map(|(name, value)| (text(name), value.map(text))).collect()
}

#[test]
fn command_gets_the_current_context() {
    let tools = tools();
    let mut command = Command::new("job");
    tools.inject_env(&mut command);
    assert_eq!(variables(&command), [], "nothing to pass leaves what is inherited");

    let span = tools.tracer("x").start_as_current_span("start the job");
    tools.inject_env(&mut command);
    let context = span.span_context();
    let flags = u8::from(context.is_sampled());
    let parent = format!("00-{}-{}-{flags:02x}", context.trace_id(), context.span_id());
    let passed = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
    assert_eq!(
        variables(&command),
        [passed("BAGGAGE", None), passed("TRACEPARENT", Some(&parent)), passed("TRACESTATE", None)]
    );

    // The child process continues the trace.
    let inherited = variables(&command).into_iter().filter_map(|(name, value)| Some((name, value?)));
    let child = ObservabilityTools::builder().env_vars(inherited).service_name("job").build().unwrap();
    let _guard = child.context_from_env().attach();
    let job = child.tracer("job").start_as_current_span("job");
    assert_eq!(job.span_context().trace_id(), context.trace_id());
}
