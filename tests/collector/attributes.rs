//! Attributes that keys add or remove, at a real Collector.

use autotelemetry::{opentelemetry::baggage::BaggageExt as _, prelude::*};
use test_support::{
    collector::{Collector, field, sections},
    require, with_file,
};

/// Returns what a Collector receives of all signals with these keys and variables.
fn received(keys: &str, variables: &[(&str, &str)], emit: impl FnOnce(&ObservabilityTools)) -> String {
    let collector = Collector::start();
    let text = format!(
        "[otlp]\nendpoint = \"{}\"\nprotocol = \"grpc\"\n[service]\nname = \"shop\"\n{keys}",
        collector.url("grpc")
    );
    let (builder, _directory) = with_file(&text, variables);
    let tools = builder.set("logs.exporters", "otlp").build().unwrap();
    emit(&tools);
    tools.shutdown().unwrap();
    collector.stop()
}

/// The SHA-256 of `s3cr3t`.
const HASH: &str = "4e738ca5563c06cfd0018299933d58db1dd8bf97f6973dc99bf6cdc64b5550bd";

/// Emits an item of each signal.
fn emit(tools: &ObservabilityTools) {
    let span = tools.tracer("shop").start_as_current_span("order");
    let attributes = [KeyValue::new("user.password", "s3cr3t"), KeyValue::new("route", "/cart")];
    span.set_attributes(attributes.clone());
    span.add_event("login", &attributes);
    tools.logger("shop").info("ordered", &attributes);
    tools.meter("shop").u64_counter("orders").build().add(1, &[]);
}

#[test]
fn each_action_redacts_spans_events_records_and_the_resource() {
    require!(Collector);
    for (redact, shown) in [
        ("", Some("s3cr3t")),
        ("[redact]\nkeys = [\"*.password\"]\n", Some("***")),
        ("[redact]\nkeys = [\"*.password\"]\naction = \"mask\"\n", Some("***")),
        ("[redact]\nkeys = [\"*.password\"]\naction = \"hash\"\n", Some(HASH)),
        ("[redact]\nkeys = [\"*.password\"]\naction = \"drop\"\n", None),
    ] {
        let keys = format!("{redact}[resource.attributes]\n\"db.password\" = \"s3cr3t\"\n");
        let output = received(&keys, &[], emit);
        let count = |text: &str| output.matches(text).count();
        // A span, its event and a record; the resource of each signal.
        assert_eq!(count("-> route: Str(/cart)"), 3, "{output}");
        let found = shown.map(|value| {
            (
                count(&format!("-> user.password: Str({value})")),
                count(&format!("-> db.password: Str({value})")),
            )
        });
        assert_eq!(found, shown.map(|_| (3, 3)), "{redact}{output}");
        assert_eq!(count("password"), if shown.is_some() { 6 } else { 0 }, "{redact}{output}");
        assert_eq!(count("s3cr3t"), if redact.is_empty() { 6 } else { 0 }, "{redact}{output}");
    }
}

#[test]
fn baggage_becomes_attributes_of_the_selected_signal() {
    require!(Collector);
    let with_baggage = |tools: &ObservabilityTools| {
        let entries = [KeyValue::new("tenant.id", 7), KeyValue::new("session", "x")];
        let _baggage = Context::new().with_baggage(entries).attach();
        emit(tools);
    };
    for (keys, of_span, of_record) in [
        ("", false, false),
        ("[traces]\nbaggage_attributes = [\"tenant.*\"]\n", true, false),
        ("[logs]\nbaggage_attributes = [\"tenant.*\"]\n", false, true),
    ] {
        let output = received(keys, &[], with_baggage);
        let has = |kind: &str| match *sections(&output, kind) {
            [item] => item.contains("-> tenant.id: Str(7)"),
            _ => panic!("{output}"),
        };
        assert_eq!((has("Span"), has("LogRecord")), (of_span, of_record), "{keys}{output}");
        assert!(!output.contains("session"), "{output}");
    }
}

#[test]
fn records_of_unsampled_traces_can_be_dropped() {
    require!(Collector);
    let keys = "[traces]\nsampler = \"always_off\"\n[[logs.scopes]]\nname = \"db.*\"\ntrace_based = true\n";
    let output = received(keys, &[], |tools| {
        let _span = tools.tracer("shop").start_as_current_span("not sampled");
        tools.logger("db.pool").info("dropped", &[]);
        tools.logger("shop").info("kept", &[]);
    });
    let bodies: Vec<_> = sections(&output, "LogRecord").into_iter().map(|log| field(log, "Body")).collect();
    assert_eq!(bodies, ["Str(kept)"], "{output}");
}

/// The detector `container` finds nothing outside of a container, and its id inside of one.
#[test]
fn each_detector_describes_the_resource() {
    require!(Collector);
    let variables = [
        ("KUBERNETES_SERVICE_HOST", "10.0.0.1"),
        ("HOSTNAME", "shop-7c9"),
        ("POD_NAMESPACE", "sales"),
        ("NODE_NAME", "node-1"),
    ];
    let pod = [
        "-> k8s.pod.name: Str(shop-7c9)",
        "-> k8s.namespace.name: Str(sales)",
        "-> k8s.node.name: Str(node-1)",
    ];
    let process = format!("-> process.pid: Int({})", std::process::id());
    for (detector, expected) in [
        ("host", &["-> host.name: Str(", "-> host.arch: Str("][..]),
        ("os", &["-> os.type: Str("]),
        ("process", &[&process, "-> process.runtime.name: Str(rustc)"]),
        ("k8s", &pod),
        ("service_instance", &["-> service.instance.id: Str("]),
        ("container", &[]),
    ] {
        let keys = format!("[resource]\ndetectors = [\"{detector}\"]\n");
        let output = received(&keys, &variables, emit);
        for attribute in expected {
            assert_eq!(output.matches(attribute).count(), 3, "{attribute}: {output}");
        }
        let others = ["host.", "os.", "process.", "k8s.", "service.instance", "container."];
        for other in
            others.iter().filter(|other| !other.starts_with(detector) && !detector.contains("instance"))
        {
            assert!(!output.contains(&format!("-> {other}")), "{detector} {other}: {output}");
        }
    }
    let keys = "[resource]\nschema_url = \"https://example.org/1\"\ndetectors = [\"k8s\"]\n\
                detector_attributes = [\"*.node.*\"]\n";
    let output = received(keys, &variables, emit);
    assert_eq!(output.matches("-> k8s.").count(), 3, "{output}");
    assert_eq!(output.matches("-> k8s.node.name").count(), 3, "{output}");
    assert_eq!(output.matches("Resource SchemaURL: https://example.org/1").count(), 3, "{output}");
}
