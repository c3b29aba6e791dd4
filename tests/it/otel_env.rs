//! Each variable of the OpenTelemetry specification: valid, invalid and empty values, or its
//! rejection by name.

use std::fmt::Write as _;

use serde_json::{Value, json};
use test_support::with_env;

/// The list of the specification. It is separate from the table of the library, so that a missing
/// row is noticed.
pub(crate) const VARIABLES: &str = "
OTEL_SDK_DISABLED OTEL_SERVICE_NAME OTEL_RESOURCE_ATTRIBUTES OTEL_LOG_LEVEL OTEL_PROPAGATORS OTEL_TRACES_SAMPLER
OTEL_TRACES_SAMPLER_ARG OTEL_BSP_SCHEDULE_DELAY OTEL_BSP_EXPORT_TIMEOUT OTEL_BSP_MAX_QUEUE_SIZE
OTEL_BSP_MAX_EXPORT_BATCH_SIZE OTEL_BLRP_SCHEDULE_DELAY OTEL_BLRP_EXPORT_TIMEOUT OTEL_BLRP_MAX_QUEUE_SIZE
OTEL_BLRP_MAX_EXPORT_BATCH_SIZE OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT OTEL_ATTRIBUTE_COUNT_LIMIT
OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT OTEL_SPAN_EVENT_COUNT_LIMIT
OTEL_SPAN_LINK_COUNT_LIMIT OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT OTEL_LINK_ATTRIBUTE_COUNT_LIMIT
OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT
OTEL_EXPORTER_OTLP_ENDPOINT OTEL_EXPORTER_OTLP_TRACES_ENDPOINT OTEL_EXPORTER_OTLP_METRICS_ENDPOINT
OTEL_EXPORTER_OTLP_LOGS_ENDPOINT OTEL_EXPORTER_OTLP_PROTOCOL OTEL_EXPORTER_OTLP_TRACES_PROTOCOL
OTEL_EXPORTER_OTLP_METRICS_PROTOCOL OTEL_EXPORTER_OTLP_LOGS_PROTOCOL OTEL_EXPORTER_OTLP_HEADERS
OTEL_EXPORTER_OTLP_TRACES_HEADERS OTEL_EXPORTER_OTLP_METRICS_HEADERS OTEL_EXPORTER_OTLP_LOGS_HEADERS
OTEL_EXPORTER_OTLP_TIMEOUT OTEL_EXPORTER_OTLP_TRACES_TIMEOUT OTEL_EXPORTER_OTLP_METRICS_TIMEOUT
OTEL_EXPORTER_OTLP_LOGS_TIMEOUT OTEL_EXPORTER_OTLP_COMPRESSION OTEL_EXPORTER_OTLP_TRACES_COMPRESSION
OTEL_EXPORTER_OTLP_METRICS_COMPRESSION OTEL_EXPORTER_OTLP_LOGS_COMPRESSION OTEL_EXPORTER_OTLP_INSECURE
OTEL_EXPORTER_OTLP_TRACES_INSECURE OTEL_EXPORTER_OTLP_METRICS_INSECURE OTEL_EXPORTER_OTLP_LOGS_INSECURE
OTEL_EXPORTER_OTLP_SPAN_INSECURE OTEL_EXPORTER_OTLP_METRIC_INSECURE OTEL_EXPORTER_OTLP_CERTIFICATE
OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE
OTEL_EXPORTER_OTLP_CLIENT_KEY OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY
OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE
OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE
OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE
OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION OTEL_EXPORTER_PROMETHEUS_HOST OTEL_EXPORTER_PROMETHEUS_PORT
OTEL_TRACES_EXPORTER OTEL_METRICS_EXPORTER OTEL_LOGS_EXPORTER OTEL_METRICS_EXEMPLAR_FILTER OTEL_METRIC_EXPORT_INTERVAL
OTEL_METRIC_EXPORT_TIMEOUT OTEL_ENTITIES OTEL_EXPORTER_ZIPKIN_ENDPOINT
OTEL_EXPORTER_ZIPKIN_TIMEOUT OTEL_EXPORTER_ZIPKIN_PROTOCOL RUST_LOG";

/// The expectations for a supported variable.
struct Bound {
    name: String,
    /// The variables that it depends on.
    with: Option<(&'static str, &'static str)>,
    key: String,
    good: &'static str,
    value: Value,
    bad: &'static str,
}

fn bound() -> Vec<Bound> {
    let mut all = Vec::new();
    let mut add = |name: &str, key: &str, good: &'static str, value: Value, bad: &'static str| {
        all.push(Bound { name: name.to_owned(), with: None, key: key.to_owned(), good, value, bad });
    };
    add("OTEL_SDK_DISABLED", "disabled", " TRUE ", true.into(), "1");
    add("OTEL_SERVICE_NAME", "service.name", "checkout", "checkout".into(), "");
    add(
        "OTEL_RESOURCE_ATTRIBUTES",
        "resource.attributes.a b",
        "k=v, a%20b = c%2Cd ,",
        "c,d".into(),
        "k=v,broken",
    );
    add("OTEL_PROPAGATORS", "propagators", "Baggage,baggage", json!(["baggage"]), "b4");
    add("OTEL_TRACES_SAMPLER", "traces.sampler", "ALWAYS_OFF", "always_off".into(), "sometimes");
    add("OTEL_BSP_SCHEDULE_DELAY", "traces.batch.schedule_delay", "1500", "1500ms".into(), "0");
    add("OTEL_BSP_EXPORT_TIMEOUT", "traces.batch.export_timeout", "0", "0s".into(), "-1");
    add("OTEL_BSP_MAX_QUEUE_SIZE", "traces.batch.max_queue_size", "4096", 4096.into(), "0");
    add("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "traces.batch.max_export_batch_size", "64", 64.into(), "2049");
    add("OTEL_BLRP_SCHEDULE_DELAY", "logs.batch.schedule_delay", "2000", "2s".into(), "1s");
    add("OTEL_BLRP_EXPORT_TIMEOUT", "logs.batch.export_timeout", "5000", "5s".into(), "5.5");
    add("OTEL_BLRP_MAX_QUEUE_SIZE", "logs.batch.max_queue_size", "10000", 10000.into(), "1e3");
    add("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "logs.batch.max_export_batch_size", "2048", 2048.into(), "many");
    for (part, table) in [("", ""), ("TRACES_", "traces."), ("METRICS_", "metrics."), ("LOGS_", "logs.")] {
        let mut add = |suffix: &str, key: &str, good: &'static str, value: Value, bad: &'static str| {
            add(
                &format!("OTEL_EXPORTER_OTLP_{part}{suffix}"),
                &format!("otlp.{table}{key}"),
                good,
                value,
                bad,
            );
        };
        add("ENDPOINT", "endpoint", "https://c:4318/x", "https://c:4318/x".into(), "ftp://c");
        add("PROTOCOL", "protocol", "HTTP/JSON", "http/json".into(), "http");
        add("HEADERS", "headers.x-a", "X-A=b%20c,,x-e=", "***".into(), "x y=1");
        add("TIMEOUT", "timeout", "250", "250ms".into(), "10s");
        add("COMPRESSION", "compression", "GZip", "gzip".into(), "zstd");
        add("INSECURE", "tls.insecure", "True", true.into(), "1");
        add("CERTIFICATE", "tls.ca_file", "/etc/ca.pem", "/etc/ca.pem".into(), "");
        add("CLIENT_CERTIFICATE", "tls.cert_file", "own.pem", "own.pem".into(), "");
        add("CLIENT_KEY", "tls.key_file", "/etc/own.key", "/etc/own.key".into(), "");
    }
    add("OTEL_EXPORTER_OTLP_SPAN_INSECURE", "otlp.traces.tls.insecure", "true", true.into(), "yes");
    add("OTEL_EXPORTER_OTLP_METRIC_INSECURE", "otlp.metrics.tls.insecure", "true", true.into(), "yes");
    let temporality = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
    add(temporality, "metrics.temporality", "LowMemory", "lowmemory".into(), "both");
    add("OTEL_EXPORTER_PROMETHEUS_HOST", "prometheus.host", "[::]", "::".into(), "*");
    add("OTEL_EXPORTER_PROMETHEUS_PORT", "prometheus.port", "0", 0.into(), "65536");
    add("OTEL_TRACES_EXPORTER", "traces.exporters", "console, OTLP", json!(["console", "otlp"]), "zipkin");
    add("OTEL_METRICS_EXPORTER", "metrics.exporters", "none", json!([]), "logging");
    add("OTEL_LOGS_EXPORTER", "logs.exporters", "otlp,File,otlp", json!(["otlp", "file"]), "prometheus");
    add("OTEL_METRIC_EXPORT_INTERVAL", "metrics.interval", "60000", "60s".into(), "99");
    add("OTEL_METRIC_EXPORT_TIMEOUT", "metrics.timeout", "7000", "7s".into(), "soon");
    for (name, key) in [
        ("ATTRIBUTE", "attribute_limits"),
        ("SPAN_ATTRIBUTE", "traces.limits"),
        ("LOGRECORD_ATTRIBUTE", "logs.limits"),
    ] {
        let length = format!("{key}.attribute_value_length_limit");
        add(&format!("OTEL_{name}_VALUE_LENGTH_LIMIT"), &length, "4096", 4096.into(), "-1");
        add(
            &format!("OTEL_{name}_COUNT_LIMIT"),
            &format!("{key}.attribute_count_limit"),
            "0",
            0.into(),
            "few",
        );
    }
    add("OTEL_SPAN_EVENT_COUNT_LIMIT", "traces.limits.event_count_limit", "7", 7.into(), "1.5");
    add("OTEL_SPAN_LINK_COUNT_LIMIT", "traces.limits.link_count_limit", "7", 7.into(), "-7");
    let of_events = "traces.limits.event_attribute_count_limit";
    add("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", of_events, "9", 9.into(), "4294967296");
    add("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "traces.limits.link_attribute_count_limit", "9", 9.into(), "x");
    add("OTEL_LOG_LEVEL", "diagnostics.level", "NONE", "off".into(), "loud");
    add("RUST_LOG", "logs.level", "warn,my_app", "warn,my_app=trace".into(), "x=loud");
    add("OTEL_TRACES_SAMPLER_ARG", "traces.sampler_arg", "0.25", 0.25.into(), "1.5");
    for bound in &mut all {
        if bound.name == "OTEL_TRACES_SAMPLER_ARG" {
            bound.with = Some(("OTEL_TRACES_SAMPLER", "traceidratio"));
        } else if bound.name.ends_with("_INSECURE") {
            bound.with = Some(("AUTOTEL_OTLP__PROTOCOL", "grpc"));
        }
    }
    all
}

/// Returns the value and the origin of `key`, and the warnings at `name`, in this environment.
fn explained(variables: &[(&str, &str)], key: &str, name: &str) -> (Value, Value, usize) {
    let named = [&[("AUTOTEL_SERVICE__VERSION", "1")], variables].concat();
    let explained = with_env(&named).set("service.name", "default").explain();
    assert_eq!(explained.errors(), [], "{name}");
    let all: Value = serde_json::from_str(&explained.to_json()).unwrap();
    let warnings = all["warnings"].as_array().unwrap().iter().filter(|warning| warning["at"] == name).count();
    (all["values"][key]["value"].clone(), all["values"][key]["at"].clone(), warnings)
}

#[test]
fn variable_is_used_if_valid_warned_if_invalid_unset_if_empty() {
    for Bound { name, with, key, good, value, bad } in bound() {
        let environment = |text: &'static str| -> Vec<(&str, &str)> {
            with.into_iter().chain([(name.as_str(), text)]).collect()
        };
        let (found, at, warnings) = explained(&environment(good), &key, &name);
        assert_eq!((&found, &at), (&value, &Value::from(name.as_str())), "{name}={good}");
        assert_eq!(warnings, 0, "{name}={good}");
        let (unset, _, _) = explained(&environment(" "), &key, &name);
        assert_eq!(explained(&environment(""), &key, &name).2, 0, "{name} empty");
        // A variable that accepts each text has no invalid value.
        if !bad.is_empty() {
            let (found, at, warnings) = explained(&environment(bad), &key, &name);
            // Per the specification an invalid boolean is false; any other invalid value counts as
            // unset.
            let is_boolean = value.is_boolean();
            let expected = if is_boolean { false.into() } else { unset };
            assert_eq!(found, expected, "{name}={bad}");
            assert!(at != name.as_str() || is_boolean, "{name}={bad}");
            assert_eq!(warnings, 1, "{name}={bad}");
        }
    }
}

#[test]
fn specified_variables_are_bound_or_rejected_by_name() {
    let bound: Vec<_> = bound().into_iter().map(|bound| bound.name).collect();
    let mut missing = String::new();
    for name in VARIABLES.split_whitespace().filter(|name| !bound.iter().any(|bound| bound == name)) {
        let tools = with_env(&[("OTEL_SERVICE_NAME", "x"), (name, "1")])
            .set("logs.exporters", "none")
            .build()
            .unwrap();
        let warnings: Vec<_> = tools.warnings().iter().map(ToString::to_string).collect();
        let refused = warnings.len() == 1
            && warnings[0].starts_with(&format!("{name}: "))
            && !warnings[0].contains("unknown variable");
        if !refused {
            writeln!(missing, "{name}: {warnings:?}").unwrap();
        }
        let tools = with_env(&[("OTEL_SERVICE_NAME", "x"), (name, "")])
            .set("logs.exporters", "none")
            .build()
            .unwrap();
        assert_eq!(tools.warnings(), [], "{name} empty");
    }
    assert_eq!(missing, "");
    for name in &bound {
        assert!(VARIABLES.split_whitespace().any(|known| known == name), "{name} is not in the list");
    }
}

#[test]
fn service_name_variable_beats_the_resource_attribute() {
    let (name, at, _) = explained(
        &[
            ("OTEL_SERVICE_NAME", "own"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,service.namespace=shop"),
        ],
        "service.name",
        "",
    );
    assert_eq!((name, at), ("own".into(), "OTEL_SERVICE_NAME".into()));
    let (namespace, at, _) =
        explained(&[("OTEL_RESOURCE_ATTRIBUTES", "service.namespace=shop")], "service.namespace", "");
    assert_eq!((namespace, at), ("shop".into(), "OTEL_RESOURCE_ATTRIBUTES".into()));
}

#[test]
#[cfg(unix)]
fn non_unicode_variable_is_a_warning() {
    // Only the environment of a process can hold such values, so a child is needed.
    use std::os::unix::ffi::OsStrExt as _;
    let mut program = test_support::process::function(module_path!(), "child_explains");
    program.env("OTEL_SERVICE_NAME", std::ffi::OsStr::from_bytes(b"a\xff"));
    program.env("AUTOTEL_LOGS__LEVEL", std::ffi::OsStr::from_bytes(b"\xff"));
    program.env("NO_PROXY", std::ffi::OsStr::from_bytes(b"\xff"));
    let output = test_support::process::run(program);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("OTEL_SERVICE_NAME: the value is not valid UTF-8, ignored"), "{text}");
    assert!(text.contains("AUTOTEL_LOGS__LEVEL: the value is not valid UTF-8"), "{text}");
    assert!(text.contains("NO_PROXY: the value is not valid UTF-8, ignored"), "{text}");
}

#[test]
#[ignore = "child process of other tests"]
fn child_explains() {
    println!("{}", autotelemetry::ObservabilityTools::builder().explain());
}
