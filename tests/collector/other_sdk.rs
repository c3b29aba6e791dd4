//! One declarative file, read by this library and by the SDK of OpenTelemetry for Python: a real
//! Collector receives the same telemetry from both.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use autotelemetry::{
    opentelemetry::{
        SpanId, TraceFlags, TraceId,
        trace::{Span as _, SpanContext, TraceContextExt as _, TraceState, Tracer as _},
    },
    prelude::*,
};
use test_support::{
    collector::{Collector, field, sections, sections_with},
    mock_collector::MockCollector,
    process,
    programs::Program,
    require, with_env,
};

/// The spans without a parent. The file samples a quarter of them.
const ROOTS: usize = 2_000;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/declarative_sdk").join(name)
}

/// `REPLICAS` is not set: Python does not take the default of an empty variable.
fn variables(url: &str) -> [(&str, &str); 2] {
    [("ENDPOINT", url), ("TEAM", "payments")]
}

fn emit_by_python(url: &str) {
    let mut command = Program::OpentelemetryPython.command();
    command.arg(fixture("emit.py")).arg(fixture("otel.yaml")).arg(ROOTS.to_string());
    command.envs(variables(url));
    process::run(command);
}

/// Emits the same as `emit.py`.
fn emit_by_rust(url: &str) {
    let tools = with_env(&variables(url)).config_file(fixture("otel.yaml")).build().unwrap();
    assert_eq!(tools.warnings(), &[]);
    let tracer = tools.tracer("shop");
    for _ in 0..ROOTS {
        tracer.start("root").end();
    }
    for flags in [TraceFlags::SAMPLED, TraceFlags::NOT_SAMPLED] {
        for _ in 0..10 {
            let (trace, span) = (TraceId::from(1), SpanId::from(1));
            let parent = SpanContext::new(trace, span, flags, true, TraceState::default());
            tracer.start_with_context("child", &Context::new().with_remote_span_context(parent)).end();
        }
    }
    let meter = tools.meter("shop");
    meter.u64_counter("orders").with_unit("{order}").build().add(3, &[KeyValue::new("payment", "card")]);
    meter.i64_up_down_counter("open").build().add(-2, &[]);
    for name in ["duration", "size"] {
        let histogram = meter.f64_histogram(name).with_unit("s").build();
        for value in [0.5, 3.0, 70.0] {
            histogram.record(value, &[]);
        }
    }
    meter.u64_counter("dropped.orders").build().add(1, &[]);
    let attributes = [KeyValue::new("order.id", 7), KeyValue::new("text", "x".repeat(20))];
    let logger = tools.logger("shop");
    logger.info("order received", &attributes);
    logger.error("card declined", &attributes);
    tools.shutdown().unwrap();
}

/// Returns the resource attributes of each request, except for those that name the SDK.
fn resources(output: &str) -> BTreeSet<BTreeSet<&str>> {
    let blocks = output.split("Resource attributes:\n").skip(1);
    blocks
        .map(|block| {
            let lines = block.lines().take_while(|line| line.trim_start().starts_with("-> "));
            lines.filter(|line| !line.contains("-> telemetry.sdk.")).collect()
        })
        .collect()
}

/// Returns the lines of sections without their numbers, times and ends.
fn contents<'t>(output: &'t str, kind: &str, name: &str) -> BTreeMap<&'t str, BTreeSet<&'t str>> {
    let content = |section: &'t str| {
        let (section, _) = section.split_once("\t{\"resource\"").unwrap_or((section, ""));
        section
            .lines()
            .filter(|line| !line.contains("imestamp") && !line.contains(" #") && !line.contains("Resource"))
            .chain(section.lines().filter(|line| line.contains("ExplicitBounds") || line.contains("Buckets")))
            .collect()
    };
    sections(output, kind).into_iter().map(|section| (field(section, name), content(section))).collect()
}

#[test]
fn sdk_for_python_sends_the_same_by_the_same_file() {
    require!(Collector, OpentelemetryPython);
    let outputs = [emit_by_python, emit_by_rust].map(|emit| {
        let collector = Collector::start();
        emit(&collector.url("http/protobuf"));
        collector.wait(|text| {
            sections(text, "LogRecord").len() == 2
                && sections(text, "Metric").len() == 4
                && sections_with(text, "Span", "Name", "child").len() == 10
        })
    });
    let [python, rust] = &outputs;
    assert_eq!(resources(python).len(), 1, "{python}");
    assert_eq!(resources(python), resources(rust));
    assert_eq!(contents(python, "LogRecord", "Body"), contents(rust, "LogRecord", "Body"));
    assert_eq!(contents(python, "Metric", "-> Name"), contents(rust, "Metric", "-> Name"));
    for output in &outputs {
        // A quarter, give or take five standard deviations.
        let roots = sections_with(output, "Span", "Name", "root").len();
        assert!((400..=600).contains(&roots), "{roots} of {ROOTS}");
        assert!(output.contains("ExplicitBounds #2: 100.000000\nBuckets #0, Count: 1\n"), "{output}");
    }
}

#[test]
fn sdk_for_python_sends_the_same_headers_by_the_same_file() {
    require!(OpentelemetryPython);
    let headers = [emit_by_python, emit_by_rust].map(|emit| {
        let mock = MockCollector::start();
        emit(&mock.url());
        let names = ["x-team", "x-list", "content-type", "content-encoding"];
        let of_request = |received: &test_support::mock_collector::Received| {
            let values = names.map(|name| received.header(name).map(str::to_owned));
            (received.path.clone(), values)
        };
        mock.received().iter().map(of_request).collect::<BTreeMap<_, _>>()
    });
    let [python, rust] = &headers;
    assert_eq!(python.len(), 3, "{python:?}");
    assert_eq!(python, rust);
    assert_eq!(rust["/v1/traces"][..2], [Some("payments".to_owned()), Some("a".to_owned())]);
}
