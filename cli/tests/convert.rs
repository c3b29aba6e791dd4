//! `autotelemetry convert`: a declarative file with the same effective values.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;
use test_support::process;

fn run(directory: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
    let mut command = process::clean(env!("CARGO_BIN_EXE_autotelemetry").into());
    let output =
        command.current_dir(directory).args(arguments).envs(variables.iter().copied()).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

/// Returns the values that pipelines use. Destinations are known by their position in a list.
fn effective(report: &str) -> BTreeMap<String, Value> {
    let report: Value = serde_json::from_str(report).unwrap();
    assert_eq!(report["errors"], serde_json::json!([]), "{report:#}");
    let values = report["values"].as_object().unwrap();
    let mut effective = BTreeMap::new();
    for (key, row) in values {
        let is_destination = key.starts_with("otlp.") || key.starts_with("exporters.");
        if !is_destination && !key.ends_with(".exporters") && key != "profile" {
            effective.insert(key.clone(), row["value"].clone());
        }
    }
    for signal in ["traces", "metrics", "logs"] {
        let names = values[&format!("{signal}.exporters")]["value"].as_array().unwrap();
        for (index, name) in names.iter().enumerate() {
            let name = name.as_str().unwrap();
            let table = match name {
                "console" | "file" | "prometheus" | "otlp_file" | "otlp/stdout" => {
                    effective.insert(format!("{signal} {index}"), name.into());
                    continue;
                }
                "otlp" => format!("otlp.{signal}."),
                name => format!("exporters.{name}.{signal}."),
            };
            for (key, row) in values {
                if let Some(key) = key.strip_prefix(&table) {
                    effective.insert(format!("{signal} {index} {key}"), row["value"].clone());
                }
            }
        }
    }
    effective
}

/// Converts a file, and compares the effective values of both.
fn round_trip(toml: &str, variables: &[(&str, &str)]) -> String {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.toml"), toml).unwrap();
    let (code, yaml) = run(directory.path(), &["convert", "a.toml"], variables);
    assert_eq!(code, 0, "{yaml}");
    fs::write(directory.path().join("a.yaml"), &yaml).unwrap();
    let [before, after] = ["a.toml", "a.yaml"].map(|file| {
        let (code, report) = run(directory.path(), &["explain", file, "--format", "json"], variables);
        assert_eq!(code, 0, "{report}\n{yaml}");
        effective(&report)
    });
    let different: Vec<_> = before
        .keys()
        .chain(after.keys())
        .filter(|key| before.get(*key) != after.get(*key))
        .map(|key| format!("{key}: {:?} is not {:?}", before.get(key), after.get(key)))
        .collect();
    assert!(different.is_empty(), "{}\n{yaml}", different.join("\n"));
    yaml
}

const LARGE: &str = r#"
propagators = ["tracecontext", "b3"]
shutdown_timeout = "7s"
[service]
name = "${NAME:-shop}"
version = "1.2"
[resource]
schema_url = "https://opentelemetry.io/schemas/1.37.0"
attributes = { team = "a: \"b\" # c", replicas = 3, ratio = 0.5, tags = ["x", "y"], on = true }
[redact]
keys = ["*.password"]
[attribute_limits]
attribute_count_limit = 64
attribute_value_depth_limit = 3
[otlp]
endpoint = "${ENDPOINT:-http://collector:4318}"
compression = "gzip"
timeout = "3s"
headers = { authorization = "Bearer ${TOKEN}", x-team = "a" }
[otlp.metrics]
protocol = "http/json"
[exporters.vendor]
endpoint = "https://vendor.example:4317"
protocol = "grpc"
max_request_size = "16MiB"
max_response_size = "100kB"
[exporters.vendor.traces.batch]
schedule_delay = "1s"
max_queue_size = 100
[exporters.vendor.metrics]
interval = "5s"
[console]
stream = "stderr"
format = "json"
[prometheus]
port = 0
translation_strategy = "no_translation"
resource_labels = ["k8s.*"]
[traces]
exporters = ["otlp", "vendor", "console"]
sampler = "parentbased_traceidratio"
sampler_arg = 0.25
batch = { schedule_delay = "250ms", max_queue_size = 4096, max_queue_bytes = "16MiB" }
limits = { event_count_limit = 7 }
scopes = [{ name = "noisy.*", enabled = false }]
[metrics]
exporters = ["otlp", "prometheus", "vendor"]
interval = "1m30s"
temporality = "delta"
cardinality_limit = 500
cardinality_limits = { counter = 100 }
[[metrics.views]]
instrument_name = "duration"
aggregation = "explicit_bucket_histogram"
boundaries = [0.1, 1.0, 10.0]
[[metrics.views]]
instrument_name = "dropped.*"
aggregation = "drop"
[logs]
exporters = ["console", "otlp", "file"]
level = "debug,hyper=warn"
levels = { otlp = "warn" }
code_location = true
scopes = [{ name = "audit", minimum_severity = "trace", trace_based = true }]
[diagnostics]
level = "warn"
metrics = true
"#;

#[test]
fn converted_file_has_the_same_values() {
    let yaml = round_trip(LARGE, &[("TOKEN", "s3cr3t"), ("NAME", "store")]);
    assert!(!yaml.contains("s3cr3t") && !yaml.contains("store"), "{yaml}");
    for text in [
        "value: \"${NAME:-shop}\"\n",
        "endpoint: \"${ENDPOINT:-http://collector:4318}/v1/traces\"\n",
        "value: \"Bearer ${TOKEN}\"\n",
    ] {
        assert!(yaml.contains(text), "{text}{yaml}");
    }
}

#[test]
fn converted_samplers_are_the_same() {
    for sampler in [
        "\"always_off\"",
        "\"parentbased_always_off\"",
        "{ always_record = { root = { parent_based = { root = { probability = { ratio = 0.1 } } } } } }",
        "{ composite = { rule_based = { rules = [{ span_kinds = [\"client\"], parent = [\"none\"], sampler = \
         \"always_off\" }, { sampler = { parent_threshold = { root = \"always_on\" } } }] } } }",
        "{ jaeger_remote = { endpoint = \"http://j:5778\", interval = \"5s\", initial_sampler = \"always_on\" } }",
    ] {
        round_trip(
            &format!("service.name = \"a\"\ntraces.exporters = [\"console\"]\ntraces.sampler = {sampler}\n"),
            &[],
        );
    }
}

/// The signal's path follows one slash, whether the variable or the text ends with another one.
#[test]
fn path_of_a_signal_follows_a_base_url_from_a_variable() {
    let variables = [("PLAIN", "http://c:4318"), ("SLASH", "http://c:4318/base/")];
    for (endpoint, converted) in [
        ("${PLAIN}", "${PLAIN}/v1/traces"),
        ("${PLAIN}/", "${PLAIN}/v1/traces"),
        ("${SLASH}", "${SLASH}v1/traces"),
        ("${UNSET:-http://c:4318/}", "${UNSET:-http://c:4318/}v1/traces"),
    ] {
        let toml = format!(
            "service.name = \"a\"\ntraces.exporters = [\"otlp\"]\notlp.endpoint = \"{endpoint}\"\n\
             logs.exporters = []\nmetrics.exporters = []\n"
        );
        let yaml = round_trip(&toml, &variables);
        assert!(yaml.contains(&format!("endpoint: \"{converted}\"\n")), "{yaml}");
    }
}

#[test]
fn what_the_schema_cannot_express_is_listed() {
    let directory = tempfile::tempdir().unwrap();
    let toml = "service.name = \"a\"\nresource.detectors = [\"host\"]\ntraces.exporters = [\"otlp\"]\n\
                otlp.tls.ca_file = \"ca.pem\"\notlp.endpoint = \"https://c\"\n\
                traces.sampler = { rate_limiting = { per_second = 5 } }\ndiagnostics.level = \"off\"\n\
                otlp.traces.batch.max_queue_bytes = \"1MiB\"\n";
    fs::write(directory.path().join("autotelemetry.toml"), toml).unwrap();
    let (code, out) = run(directory.path(), &["convert"], &[("OTEL_TRACES_SAMPLER", "always_on")]);
    assert_eq!(code, 1, "{out}");
    for key in [
        "resource.detectors",
        "otlp.traces.tls.ca_file",
        "traces.sampler",
        "diagnostics.level",
        "otlp.traces.batch.max_queue_bytes",
    ] {
        assert!(out.contains(&format!("error: {key}: ")), "{key}: {out}");
    }
    fs::write(directory.path().join("autotelemetry.toml"), "x = 1").unwrap();
    let (code, out) = run(directory.path(), &["convert"], &[]);
    assert!(code == 1 && out.contains("unknown key"), "{out}");
}

#[test]
fn example_files_are_converted() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config-examples");
    for name in ["console", "json-logs", "log-files", "minimal", "otlp-grpc", "otlp-http", "prometheus"] {
        let toml = fs::read_to_string(examples.join(format!("{name}.toml"))).unwrap();
        round_trip(&toml, &[("OTLP_TOKEN", "a"), ("API_TOKEN", "a"), ("TOKEN", "a")]);
    }
}
