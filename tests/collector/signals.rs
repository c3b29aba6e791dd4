//! The three signals at a real Collector, over each protocol, plain and compressed.

use std::time::{SystemTime, UNIX_EPOCH};

use autotelemetry::prelude::*;
#[cfg(feature = "tls")]
use test_support::certificates::Authority;
use test_support::{
    collector::{Collector, field, sections},
    process, require, with_env,
};

#[test]
fn grpc_delivers_all_signals() {
    require!(Collector);
    all_three_signals("grpc", "none");
}

#[test]
fn grpc_with_gzip_delivers_all_signals() {
    require!(Collector);
    all_three_signals("grpc", "gzip");
}

#[test]
fn http_protobuf_delivers_all_signals() {
    require!(Collector);
    all_three_signals("http/protobuf", "none");
}

#[test]
fn http_protobuf_with_gzip_delivers_all_signals() {
    require!(Collector);
    all_three_signals("http/protobuf", "gzip");
}

#[test]
fn http_json_delivers_all_signals() {
    require!(Collector);
    all_three_signals("http/json", "none");
}

#[test]
fn http_json_with_gzip_delivers_all_signals() {
    require!(Collector);
    all_three_signals("http/json", "gzip");
}

/// Emits all signals. The destination comes from the environment.
#[test]
#[ignore = "child process of other tests"]
fn child_emits() {
    let tools = autotelemetry::ObservabilityTools::builder()
        .service_name("checkout")
        .service_version("1.4.2")
        .environment("production")
        .resource_attribute("team", "data")
        .resource_attribute("replicas", 3)
        .install()
        .unwrap();
    let tracer = tools.tracer("shop");
    let span = tracer.start_as_current_span("parent");
    span.set_attributes([
        KeyValue::new("string", "text"),
        KeyValue::new("bool", true),
        KeyValue::new("int", -7),
        KeyValue::new("double", 2.5),
        KeyValue::new("nan", f64::NAN),
        KeyValue::new("infinities", Value::Array(vec![f64::INFINITY, f64::NEG_INFINITY].into())),
        KeyValue::new(
            "strings",
            Value::Array(vec![opentelemetry_string("a"), opentelemetry_string("b")].into()),
        ),
        KeyValue::new("ints", Value::Array(vec![1_i64, 2].into())),
    ]);
    span.add_event("reached", &[KeyValue::new("step", 1)]);
    {
        let child = tracer.start_as_current_span("child");
        let error = std::io::Error::other("card refused");
        child.record_error(&error);
        child.set_status(Status::error(error.to_string()));
        tools.logger("shop").exception("failed", &error, &[KeyValue::new("order", 4711)]);
    }
    tools.logger("shop").warn("from the logger", &[KeyValue::new("ratio", 0.5)]);
    tracing::info!(target: "from_tracing", count = 3, "from tracing");
    log::debug!(target: "from_log", "not wanted");
    log::error!(target: "from_log", "from log");
    span.set_status(Status::Ok);
    let meter = tools.meter("shop");
    let attributes = [KeyValue::new("path", "/cart")];
    meter
        .u64_counter("requests")
        .with_unit("{request}")
        .with_description("All requests")
        .build()
        .add(5, &attributes);
    meter.f64_histogram("duration").with_unit("ms").build().record(12.5, &attributes);
    meter.i64_up_down_counter("open").build().add(-2, &attributes);
    meter.f64_gauge("load").build().record(0.25, &attributes);
    drop(span);
    tools.shutdown().unwrap();
}

#[test]
fn redacted_values_do_not_reach_the_collector() {
    require!(Collector);
    let collector = Collector::start();
    let mut program = process::function(module_path!(), "child_emits");
    program
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url("grpc"))
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
        .env("AUTOTEL_REDACT__KEYS", "string?,step,exception.*,order,team");
    process::run(program);
    let output = collector.wait(|text| {
        sections(text, "Span").len() == 2
            && sections(text, "LogRecord").len() == 4
            && sections(text, "Metric").len() == 4
    });
    for (key, times) in [("strings", 1), ("step", 1), ("exception.message", 2), ("order", 1), ("team", 3)] {
        assert_eq!(output.matches(&format!("-> {key}: Str(***)")).count(), times, "{key}: {output}");
    }
    for kept in ["-> string: Str(text)", "Body: Str(failed)", "-> path: Str(/cart)"] {
        assert!(output.contains(kept), "{kept}: {output}");
    }
    assert!(!output.contains("4711") && !output.contains("Str(data)"), "{output}");
}

fn opentelemetry_string(text: &'static str) -> autotelemetry::opentelemetry::StringValue {
    text.into()
}

fn all_three_signals(protocol: &str, compression: &str) {
    let collector = Collector::start();
    let before = nanos();
    let mut program = process::function(module_path!(), "child_emits");
    program
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url(protocol))
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
        .env("OTEL_EXPORTER_OTLP_COMPRESSION", compression);
    process::run(program);
    let after = nanos();
    // The child has succeeded, so everything was accepted; the Collector may still be printing.
    let output = collector.wait(|text| {
        sections(text, "Span").len() == 2
            && sections(text, "LogRecord").len() == 4
            && sections(text, "Metric").len() == 4
            && sections(text, "HistogramDataPoints").len() == 1
    });

    let resource = [
        "service.name: Str(checkout)",
        "service.version: Str(1.4.2)",
        "deployment.environment.name: Str(production)",
        "team: Str(data)",
        "replicas: Int(3)",
        "telemetry.sdk.name: Str(opentelemetry)",
        "telemetry.sdk.language: Str(rust)",
        "telemetry.sdk.version: Str(0.33",
    ];
    for attribute in resource {
        assert_eq!(
            output.matches(&format!("-> {attribute}")).count(),
            3,
            "{attribute} on each signal:\n{output}"
        );
    }
    let scopes = |name: &str| output.matches(&format!("InstrumentationScope {name} ")).count();
    assert_eq!(scopes("shop"), 3, "one scope per signal:\n{output}");
    assert_eq!((scopes("from_tracing"), scopes("from_log")), (1, 1));

    // Spans
    let spans = sections(&output, "Span");
    let span = |name: &str| *spans.iter().find(|span| field(span, "Name") == name).unwrap();
    let (parent, child) = (span("parent"), span("child"));
    assert_eq!(field(parent, "Parent ID"), "");
    assert_eq!(field(child, "Parent ID"), field(parent, "ID"));
    assert_eq!(field(child, "Trace ID"), field(parent, "Trace ID"));
    assert_eq!(field(parent, "Status code"), "Ok");
    assert_eq!(field(child, "Status code"), "Error");
    assert_eq!(field(child, "Status message"), "card refused");
    for attribute in [
        "string: Str(text)",
        "bool: Bool(true)",
        "int: Int(-7)",
        "double: Double(2.5)",
        "strings: Slice([\"a\",\"b\"])",
        "ints: Slice([1,2])",
        "step: Int(1)",
    ] {
        assert!(parent.contains(&format!("-> {attribute}")), "{attribute}: {parent}");
    }
    assert!(parent.contains("-> nan: Double(NaN)"), "{parent}");
    // The Collector prints JSON here, and omits the infinities.
    assert!(parent.contains("-> infinities: "), "{parent}");
    assert!(parent.contains("-> Name: reached"), "{parent}");
    assert!(child.contains("-> Name: exception"), "{child}");
    assert!(child.contains("-> exception.message: Str(card refused)"), "{child}");

    check_logs(&output, parent, child, before..=after);

    // Metrics
    for part in [
        "-> Name: requests",
        "-> Unit: {request}",
        "-> Description: All requests",
        "-> IsMonotonic: true",
        "AggregationTemporality: Cumulative",
        "Value: 5",
        "Value: -2",
        "Value: 0.25",
        "Sum: 12.5",
        "-> path: Str(/cart)",
    ] {
        assert!(output.contains(part), "{part}:\n{output}");
    }
}

/// Asserts that each log record has the ids of its span.
fn check_logs(output: &str, parent: &str, child: &str, written: std::ops::RangeInclusive<u128>) {
    let logs = sections(output, "LogRecord");
    let log = |body: &str| *logs.iter().find(|log| field(log, "Body") == format!("Str({body})")).unwrap();
    for (body, severity, in_span) in [
        ("failed", "Error(17)", child),
        ("from the logger", "Warn(13)", parent),
        ("from tracing", "Info(9)", parent),
        ("from log", "Error(17)", parent),
    ] {
        let record = log(body);
        assert_eq!(field(record, "SeverityNumber"), severity, "{record}");
        assert_eq!(field(record, "SeverityText"), severity.split('(').next().unwrap().to_uppercase());
        assert_eq!(field(record, "Trace ID"), field(in_span, "Trace ID"), "{record}");
        assert_eq!(field(record, "Span ID"), field(in_span, "ID"), "{record}");
        for time in ["Timestamp", "ObservedTimestamp"] {
            let nanos = timestamp(field(record, time));
            assert!(written.contains(&nanos), "{time}: {record}");
        }
    }
    assert!(log("failed").contains("-> exception.type: Str(std::io::error::Error)"));
    assert!(log("failed").contains("-> exception.message: Str(card refused)"));
    assert!(log("failed").contains("-> exception.stacktrace: Str(card refused)"));
    assert!(log("failed").contains("-> order: Int(4711)"));
    assert!(log("from the logger").contains("-> ratio: Double(0.5)"));
    assert!(log("from tracing").contains("-> count: Int(3)"));
}

#[test]
fn quickstart_reaches_the_collector_by_profile_and_by_variables() {
    require!(Collector);
    let collector = Collector::start();
    let mut by_profile = process::example("quickstart");
    by_profile
        .env("AUTOTEL_PROFILE", "collector")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url("http/protobuf"));
    process::run(by_profile);
    let mut by_variable = process::example("quickstart");
    for signal in ["TRACES", "METRICS", "LOGS"] {
        by_variable.env(format!("OTEL_{signal}_EXPORTER"), "otlp");
    }
    by_variable
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url("grpc"))
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    process::run(by_variable);
    let output = collector.wait(|text| {
        sections(text, "Span").len() == 18
            && sections(text, "LogRecord").len() == 8
            && sections(text, "Metric").len() == 4
    });
    assert_eq!(output.matches("-> deployment.environment.name: Str(collector)").count(), 3);
}

#[test]
fn each_runtime_reaches_the_collector() {
    require!(Collector);
    let collector = Collector::start();
    for protocol in ["grpc", "http/protobuf"] {
        let url = collector.url(protocol);
        let send = move |name: &'static str| {
            let tools = with_env(&[
                ("OTEL_SERVICE_NAME", "x"),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", &url),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
                ("OTEL_LOGS_EXPORTER", "otlp"),
            ]);
            let tools = tools.build().unwrap();
            drop(tools.tracer("x").start_as_current_span(name));
            tools.logger("x").info(name, &[]);
            tools.meter("x").u64_counter(name).build().add(1, &[]);
            tools.force_flush().unwrap();
        };
        send("no.runtime");
        let current_thread = tokio::runtime::Builder::new_current_thread().build().unwrap();
        current_thread.block_on(async { send("current.thread") });
        let one_worker = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        one_worker.block_on(async { send("multi.thread") });
        one_worker.block_on(one_worker.spawn(async move { send("one.worker") })).unwrap();
    }
    collector.wait(|text| {
        ["no.runtime", "current.thread", "multi.thread", "one.worker"].iter().all(|name| {
            let spans = sections(text, "Span").iter().filter(|span| field(span, "Name") == *name).count();
            let logs = text.matches(&format!("Body: Str({name})")).count();
            (spans, logs) == (2, 2) && text.matches(&format!("-> Name: {name}")).count() >= 2
        })
    });
}

#[test]
#[cfg(feature = "tls")]
fn https_is_verified_against_the_system_certificates() {
    require!(Collector, Openssl);
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path(), "authority");
    let (certificate, key) = authority.issue("server");
    let collector = Collector::start_tls(&certificate, &key);
    for protocol in ["grpc", "http/protobuf"] {
        let endpoint = collector.url(protocol).replace("http://127.0.0.1", "https://localhost");
        let mut program = process::function(module_path!(), "child_emits");
        program
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
            .env("SSL_CERT_FILE", authority.file());
        process::run(program);

        // Without the authority nothing is sent, and the reason is reported.
        let mut program = process::function(module_path!(), "child_emits");
        program.env("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint).env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
        let output = program.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && stderr.contains("signed by an unknown authority"),
            "{protocol}: {stderr}"
        );
    }
    collector.wait(|text| sections(text, "Span").len() == 4 && sections(text, "LogRecord").len() == 8);
}

fn nanos() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()
}

/// Parses `2026-11-23 17:33:55.047155228 +0000 UTC`.
fn timestamp(text: &str) -> u128 {
    let (date, time) = text.strip_suffix(" +0000 UTC").unwrap().split_once(' ').unwrap();
    let timestamp: jiff::Timestamp = format!("{date}T{time}Z").parse().unwrap();
    u128::try_from(timestamp.as_nanosecond()).unwrap()
}
