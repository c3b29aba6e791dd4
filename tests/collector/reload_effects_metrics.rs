//! The effect of a reload on metrics at real Collectors, and the keys that need a restart.

use std::time::Instant;

use autotelemetry::{Signal, prelude::*};
use test_support::{
    TIMEOUT,
    collector::{Collector, metrics, sections_with},
    require,
    service::Service,
};

/// Returns a file whose spans and metrics go to a Collector.
fn to(collector: &Collector, metrics: &str, rest: &str) -> String {
    let url = collector.url("http/protobuf");
    format!(
        "otlp.endpoint = \"{url}\"\nlogs.exporters = []\nmetrics = {{ interval = \"1h\", {metrics} }}\n{rest}"
    )
}

#[test]
fn meters_that_are_made_afterwards_follow_the_scopes() {
    require!(Collector);
    let collector = Collector::start();
    let with = |is_enabled: bool| {
        to(
            &collector,
            &format!("exporters = [\"otlp\"], scopes = [{{ name = \"noisy.*\", enabled = {is_enabled} }}]"),
            "",
        )
    };
    let service = Service::start(&with(true));
    let count = |meter: &'static str, counter: &'static str| {
        service.tools.meter(meter).u64_counter(counter).build().add(1, &[]);
    };
    count("noisy.a", "before");
    service.reload(&with(false));
    count("noisy.b", "disabled");
    count("shop", "other");
    service.reload(&with(true));
    count("noisy.c", "after");
    service.tools.shutdown().unwrap();
    let output = collector.stop();
    let found = ["before", "disabled", "other", "after"].map(|name| metrics(&output, name).len());
    assert_eq!(found, [1, 0, 1, 1], "{output}");
}

#[test]
fn metrics_go_to_other_collectors_and_at_another_interval() {
    require!(Collector);
    let (first, second) = (Collector::start(), Collector::start());
    let rest = format!("exporters.second.endpoint = \"{}\"", second.url("http/protobuf"));
    let with = |exporters: &str, more: &str| {
        to(&first, &format!("exporters = [{exporters}]"), &format!("{rest}\n{more}"))
    };
    let service = Service::start(&with("\"otlp\"", ""));
    let meter = service.tools.meter("shop");
    let push = |counter: &'static str| {
        meter.u64_counter(counter).build().add(1, &[]);
        service.tools.force_flush().unwrap();
    };
    let arrives = |collector: &Collector, counter: &'static str| {
        push(counter);
        collector.wait(|output| !metrics(output, counter).is_empty());
    };
    arrives(&first, "one");
    let of_signal = format!("otlp.metrics.endpoint = \"{}/v1/metrics\"", second.url("http/protobuf"));
    service.reload(&with("\"otlp\"", &of_signal));
    arrives(&second, "two");
    service.reload(&with("\"otlp\"", ""));
    arrives(&first, "three");
    service.reload(&with("\"second\"", ""));
    wait_for_end_of_pushes(&service, "otlp");
    arrives(&second, "four");
    service.reload(&with("\"second\"", "").replace("\"1h\"", "\"100ms\""));
    meter.u64_counter("five").build().add(1, &[]);
    second.wait(|output| metrics(output, "five").len() >= 2);
    service.tools.shutdown().unwrap();
    let output = first.stop();
    let at_first = ["three", "four", "five"].map(|name| metrics(&output, name).is_empty());
    assert_eq!(at_first, [false, true, true], "{output}");
}

/// A removed exporter takes part in flushes until it has pushed what it holds.
fn wait_for_end_of_pushes(service: &Service, exporter: &str) {
    let pushed = || {
        service.tools.force_flush().unwrap();
        service.tools.stats().exporter(Signal::Metrics, exporter).unwrap().emitted()
    };
    let deadline = Instant::now() + TIMEOUT;
    while pushed() != pushed() {
        assert!(Instant::now() < deadline);
    }
}

/// The old values of these keys are sent until the program restarts, and other keys follow.
#[test]
fn keys_that_need_a_restart_have_no_effect() {
    require!(Collector);
    let collector = Collector::start();
    let with = |resource: &str, metrics: &str, rest: &str| {
        to(&collector, &format!("exporters = [\"otlp\"], {metrics}"), &format!("{resource}\n{rest}"))
    };
    let view = |name: &str| {
        format!("views = [{{ instrument_name = \"orders\", name = \"{name}\" }}], temporality = ")
    };
    let old = with(
        "service.version = \"1.0\"\nresource.attributes = { team = \"a\" }",
        &(view("old_orders") + "\"cumulative\""),
        "traces.limits.event_count_limit = 3",
    );
    let new = with(
        "service.version = \"2.0\"\nresource.attributes = { team = \"b\" }",
        &(view("new_orders") + "\"delta\", exemplar_filter = \"always_on\", cardinality_limit = 5"),
        "traces = { limits = { event_count_limit = 1, attribute_value_length_limit = 4 } }",
    );
    let service = Service::start(&old);
    let emit = |name: &'static str| {
        let span = service.tools.tracer("shop").start_as_current_span(name);
        (0..5).for_each(|_| span.add_event("sent", &[KeyValue::new("to", "customer")]));
        drop(span);
        // An instrument that is made afterwards keeps the old view as well.
        let counter = service.tools.meter(name).u64_counter("orders").build();
        (0..9).for_each(|number| counter.add(1, &[KeyValue::new("number", number)]));
        service.tools.force_flush().unwrap();
    };
    emit("one");
    let reload = service.reload(&new);
    let pending: Vec<_> = reload.needs_restart().iter().map(|change| change.key().to_owned()).collect();
    assert_eq!(
        pending,
        [
            "metrics.cardinality_limit",
            "metrics.exemplar_filter",
            "metrics.temporality",
            "metrics.views.0.name",
            "resource.attributes.team",
            "service.version",
            "traces.limits.event_count_limit",
        ]
    );
    emit("two");
    service.tools.shutdown().unwrap();
    let output = collector.stop();
    assert!(output.contains("service.version: Str(1.0)") && !output.contains("service.version: Str(2.0)"));
    assert!(output.contains("team: Str(a)") && !output.contains("team: Str(b)"));
    assert!(metrics(&output, "new_orders").is_empty() && !metrics(&output, "old_orders").is_empty());
    assert!(!output.contains("AggregationTemporality: Delta") && !output.contains("Exemplar #"));
    assert!(!output.contains("otel.metric.overflow"), "{output}");
    let span = |name| sections_with(&output, "Span", "Name", name)[0];
    for name in ["one", "two"] {
        assert_eq!(span(name).matches("SpanEvent #").count(), 3, "{output}");
    }
    assert!(span("one").contains("Str(customer)") && span("two").contains("Str(cust)"), "other keys follow");
}
