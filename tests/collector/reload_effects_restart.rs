//! Keys that need a restart: after a reload, a real Collector still receives what the old values
//! give.

use autotelemetry::{ObservabilityTools, prelude::*};
use test_support::{collector::Collector, require, service::Service};

const OLD: &str = r#"
service = { name = "old name", version = "old version", namespace = "old group", environment = "old environment", instance_id = "old instance" }
resource = { attributes = { team = "old team" }, schema_url = "https://example.org/old", detectors = ["os"] }
attribute_limits.attribute_count_limit = 3
traces.limits = { attribute_count_limit = 3, event_count_limit = 3, link_count_limit = 3, event_attribute_count_limit = 3, link_attribute_count_limit = 3 }
"#;

const OLD_METRICS: &str = r#", views = [{ instrument_name = "orders", name = "old_orders" }]"#;

const NEW: &str = r#"
service = { name = "new name", version = "new version", namespace = "new group", environment = "new environment", instance_id = "new instance" }
resource = { attributes = { team = "new team" }, schema_url = "https://example.org/new", detectors = ["process"] }
attribute_limits.attribute_count_limit = 1
traces.limits = { attribute_count_limit = 2, event_count_limit = 2, link_count_limit = 2, event_attribute_count_limit = 2, link_attribute_count_limit = 2 }
diagnostics.metrics = true
"#;

const NEW_METRICS: &str = r#", views = [{ instrument_name = "orders", name = "new_orders" }], temporality = "delta", histogram_aggregation = "base2_exponential_bucket_histogram", cardinality_limit = 3, cardinality_limits = { counter = 3, up_down_counter = 3, histogram = 3, observable_counter = 3, observable_up_down_counter = 3, observable_gauge = 3 }"#;

/// Each key with a text that only the old value gives, and one that only the new value gives.
const EFFECTS: &[(&str, &str, &str)] = &[
    ("attribute_limits.attribute_count_limit", "-> record3:", ""),
    ("diagnostics.metrics", "", "Name: otel.sdk."),
    // The kind `gauge` has no limit of its own.
    ("metrics.cardinality_limit", "-> gauge: Int(7)", ""),
    ("metrics.cardinality_limits.counter", "-> counter: Int(7)", ""),
    ("metrics.cardinality_limits.histogram", "-> histogram: Int(7)", ""),
    ("metrics.cardinality_limits.observable_counter", "-> observable_counter: Int(7)", ""),
    ("metrics.cardinality_limits.observable_gauge", "-> observable_gauge: Int(7)", ""),
    ("metrics.cardinality_limits.observable_up_down_counter", "-> observable_up_down_counter: Int(7)", ""),
    ("metrics.cardinality_limits.up_down_counter", "-> up_down_counter: Int(7)", ""),
    ("metrics.histogram_aggregation", "ExplicitBounds #0", "ExponentialHistogram"),
    ("metrics.temporality", "", "AggregationTemporality: Delta"),
    ("metrics.views.0.name", "Name: old_orders", "Name: new_orders"),
    ("resource.attributes.team", "-> team: Str(old team)", "-> team: Str(new team)"),
    ("resource.detectors", "-> os.type:", "-> process.pid:"),
    ("resource.schema_url", "https://example.org/old", "https://example.org/new"),
    ("service.environment", "Str(old environment)", "Str(new environment)"),
    ("service.instance_id", "Str(old instance)", "Str(new instance)"),
    ("service.name", "-> service.name: Str(old name)", "-> service.name: Str(new name)"),
    ("service.namespace", "Str(old group)", "Str(new group)"),
    ("service.version", "Str(old version)", "Str(new version)"),
    ("traces.limits.attribute_count_limit", "-> span3:", ""),
    ("traces.limits.event_attribute_count_limit", "-> event3:", ""),
    ("traces.limits.event_count_limit", "Name: sent 3", ""),
    ("traces.limits.link_attribute_count_limit", "-> link3:", ""),
    ("traces.limits.link_count_limit", "-> link of: Int(3)", ""),
];

/// Returns a file with a Collector as the destination of all signals.
fn to(collector: &Collector, text: &str, metrics: &str) -> String {
    let url = collector.url("http/protobuf");
    format!(
        "{text}otlp.endpoint = \"{url}\"\ntraces.exporters = [\"otlp\"]\nlogs.exporters = [\"otlp\"]\n\
         metrics = {{ exporters = [\"otlp\"], interval = \"1h\"{metrics} }}\n"
    )
}

/// Returns the attributes `NAME1` and so on.
fn attributes(name: &str) -> Vec<KeyValue> {
    (1..=5).map(|number| KeyValue::new(format!("{name}{number}"), number)).collect()
}

/// Emits what each of the keys changes, and shuts down.
fn emit(tools: &ObservabilityTools) {
    let tracer = tools.tracer("shop");
    let span = tracer.start_as_current_span("order");
    span.set_attributes(attributes("span"));
    let other = tracer.start("other");
    for number in 1..=5 {
        span.add_event(format!("sent {number}"), &attributes("event"));
        span.add_link(other.span_context().clone(), &[KeyValue::new("link of", number)]);
    }
    let linked = tracer.start_as_current_span("linked");
    linked.add_link(other.span_context().clone(), &attributes("link"));
    tools.logger("shop").info("order", &attributes("record"));
    let meter = tools.meter("shop");
    meter.u64_counter("orders").build().add(1, &[]);
    for number in 0..8 {
        let set = |kind: &'static str| [KeyValue::new(kind, number)];
        meter.u64_counter("counter").build().add(1, &set("counter"));
        meter.i64_up_down_counter("up_down_counter").build().add(1, &set("up_down_counter"));
        meter.f64_histogram("histogram").build().record(1.0, &set("histogram"));
        meter.i64_gauge("gauge").build().record(1, &set("gauge"));
    }
    let sets = |kind: &'static str| (0..8).map(move |number| [KeyValue::new(kind, number)]);
    meter
        .u64_observable_counter("observable_counter")
        .with_callback(move |it| sets("observable_counter").for_each(|set| it.observe(1, &set)))
        .build();
    meter
        .i64_observable_up_down_counter("observable_up_down_counter")
        .with_callback(move |it| sets("observable_up_down_counter").for_each(|set| it.observe(1, &set)))
        .build();
    meter
        .i64_observable_gauge("observable_gauge")
        .with_callback(move |it| sets("observable_gauge").for_each(|set| it.observe(1, &set)))
        .build();
    drop((linked, span));
    tools.shutdown().unwrap();
}

#[test]
fn collector_receives_the_old_values_until_a_restart() {
    require!(Collector);
    let [before, reloaded, restarted] = [0, 1, 2].map(|_| Collector::start());
    emit(&Service::start(&to(&before, OLD, OLD_METRICS)).tools);
    emit(&Service::start(&to(&restarted, NEW, NEW_METRICS)).tools);
    let service = Service::start(&to(&reloaded, OLD, OLD_METRICS));
    let reload = service.reload(&to(&reloaded, NEW, NEW_METRICS));
    let pending: Vec<_> = reload.needs_restart().iter().map(|change| change.key().to_owned()).collect();
    assert_eq!(pending, EFFECTS.iter().map(|(key, ..)| *key).collect::<Vec<_>>());
    emit(&service.tools);
    let [before, reloaded, restarted] = [before, reloaded, restarted].map(Collector::stop);
    for (key, old, new) in EFFECTS {
        for (state, output) in [("before", &before), ("reloaded", &reloaded)] {
            assert!(output.contains(old), "{key}: {old:?} {state}: {output}");
            assert!(new.is_empty() || !output.contains(new), "{key}: {new:?} {state}: {output}");
        }
        assert!(restarted.contains(new), "{key}: {new:?}: {restarted}");
        assert!(old.is_empty() || !restarted.contains(old), "{key}: {old:?}: {restarted}");
    }
}
