//! A declarative file: the only source of values, with the defaults of the schema.
#![cfg(feature = "declarative")]

use std::fs;

use autotelemetry::{Builder, error::Origin, explain::Explanation};
use test_support::{programs::published_configuration, with_env};

fn with_yaml(text: &str, variables: &[(&str, &str)]) -> (Builder, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otel.yaml");
    fs::write(&path, text).unwrap();
    let variables = variables.iter().copied().chain([("OTEL_CONFIG_FILE", path.to_str().unwrap())]);
    (with_env(&variables.collect::<Vec<_>>()), directory)
}

fn explained(text: &str, variables: &[(&str, &str)]) -> Explanation {
    let (builder, _directory) = with_yaml(text, variables);
    builder.explain()
}

fn value(explained: &Explanation, key: &str) -> String {
    let found = explained.values().find(|(other, ..)| *other == key);
    found.unwrap_or_else(|| panic!("there is no key {key}\n{explained}")).1
}

fn problems(explained: &Explanation) -> Vec<String> {
    let all = explained.errors().iter().chain(explained.warnings());
    all.map(ToString::to_string).collect()
}

const NAMED: &str =
    "file_format: \"1.1\"\nresource:\n  attributes:\n    - name: service.name\n      value: shop\n";

#[test]
fn variables_have_no_effect_but_for_references() {
    let text = format!("{NAMED}disabled: ${{OTEL_SDK_DISABLED:-false}}\nlog_level: ${{LEVEL}}\n");
    let variables = [
        ("OTEL_SDK_DISABLED", ""),
        ("LEVEL", "warn2"),
        ("OTEL_SERVICE_NAME", "other"),
        ("OTEL_TRACES_EXPORTER", "console"),
        ("AUTOTEL_LOGS__LEVEL", "trace"),
        ("AUTOTEL_PROFILE", "production"),
        ("RUST_LOG", "trace"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=s3cr3t"),
        ("OTEL_SEMCONV_STABILITY_OPT_IN", "http"),
    ];
    let with = explained(&text, &variables);
    assert!(with.errors().is_empty(), "{with}");
    let [warning] = with.warnings() else { panic!("{with}") };
    assert_eq!(warning.origin(), Some(&Origin::Env("OTEL_CONFIG_FILE".to_owned())));
    assert_eq!(
        warning.message(),
        "this file is the only source of values; not used: OTEL_EXPORTER_OTLP_HEADERS, OTEL_SERVICE_NAME, \
         OTEL_TRACES_EXPORTER, AUTOTEL_LOGS__LEVEL, AUTOTEL_PROFILE, RUST_LOG"
    );
    let without = explained(&text, &[("LEVEL", "warn2")]);
    let values = |explained: &Explanation| {
        explained.values().map(|(key, value, _)| format!("{key} = {value}")).collect::<Vec<_>>()
    };
    assert_eq!(values(&with), values(&without));
    assert_eq!(value(&with, "diagnostics.level"), "\"warn\"");
}

#[test]
fn none_of_the_specified_variables_changes_a_value() {
    let text = format!(
        "{NAMED}tracer_provider:\n  processors:\n    - batch:\n        exporter:\n          otlp_http:\n\
         meter_provider:\n  readers:\n    - periodic:\n        exporter:\n          otlp_http:\n\
         logger_provider:\n  processors:\n    - batch:\n        exporter:\n          otlp_http:\n"
    );
    let values = |variables: &[(&str, &str)]| {
        let explained = explained(&text, variables);
        assert!(explained.errors().is_empty(), "{explained}");
        explained.values().map(|(key, value, _)| format!("{key} = {value}")).collect::<Vec<_>>()
    };
    let plain = values(&[]);
    for value in ["1", "true", "otlp", "http://other:1"] {
        let names = crate::otel_env::VARIABLES
            .split_whitespace()
            .chain(["AUTOTEL_DISABLED", "AUTOTEL_SERVICE__NAME"]);
        assert_eq!(values(&names.map(|name| (name, value)).collect::<Vec<_>>()), plain, "{value}");
    }
}

#[test]
fn absent_nodes_have_the_defaults_of_the_schema() {
    let explained = explained("file_format: \"1.0\"\n", &[]);
    for (key, expected) in [
        ("propagators", "[]"),
        ("traces.exporters", "[]"),
        ("metrics.exporters", "[]"),
        ("logs.exporters", "[]"),
        ("traces.sampler", "\"parentbased_always_on\""),
    ] {
        assert_eq!(value(&explained, key), expected, "{key}");
    }
    assert!(value(&explained, "service.name").starts_with("\"unknown_service:it-"), "{explained}");
    assert!(explained.errors().is_empty() && explained.warnings().len() == 1, "{explained}");
}

#[test]
fn file_of_the_variable_wins_over_other_files() {
    let directory = tempfile::tempdir().unwrap();
    let toml = directory.path().join("autotelemetry.toml");
    fs::write(&toml, "service.name = \"toml\"").unwrap();
    let (builder, _directory) = with_yaml(NAMED, &[("AUTOTEL_CONFIG", toml.to_str().unwrap())]);
    let explained = builder.config_file("missing.toml").explain();
    assert_eq!(value(&explained, "service.name"), "\"shop\"");
    let [warning] = explained.warnings() else { panic!("{explained}") };
    assert!(warning.message().ends_with("autotelemetry.toml, which is not read"), "{warning}");
}

#[test]
fn derived_value_shows_the_variable_that_it_comes_from() {
    let text = format!(
        "{NAMED}tracer_provider:\n  processors:\n    - batch:\n        max_queue_size: ${{QUEUE}}\n        exporter:\n          otlp_http:\n"
    );
    let shown = explained(&text, &[("QUEUE", "900")]).to_string();
    for key in ["traces.batch.max_queue_size", "otlp.traces.batch.max_queue_size"] {
        let line = shown.lines().find(|line| line.starts_with(&format!("{key} "))).unwrap();
        assert!(line.contains(" 900 ") && line.ends_with("otel.yaml:9:25 (QUEUE)"), "{line}");
    }
}

#[test]
fn each_exporter_of_otlp_has_the_values_of_its_processor_or_reader() {
    let text = format!(
        "{NAMED}tracer_provider:
  processors:
    - batch:
        schedule_delay: 100
        max_queue_size: 64
        exporter:
          otlp_http:
    - batch:
        exporter:
          otlp_grpc:
    - simple:
        exporter:
          otlp_file/development:
meter_provider:
  readers:
    - periodic:
        interval: 1000
        timeout: 2000
        exporter:
          otlp_http:
    - periodic:
        timeout: 20000
        exporter:
          otlp_grpc:
    - periodic:
        interval: 5000
        exporter:
          console:
"
    );
    let explained = explained(&text, &[]);
    assert!(explained.errors().is_empty(), "{explained}");
    for (key, expected) in [
        // Lines of OTLP have no batching of their own, so the signal has theirs.
        ("traces.batch.schedule_delay", "\"10ms\""),
        ("traces.batch.max_export_batch_size", "1"),
        ("otlp.traces.batch.schedule_delay", "\"100ms\""),
        ("otlp.traces.batch.max_queue_size", "64"),
        ("otlp.traces.batch.max_export_batch_size", "64"),
        ("exporters.otlp_2.traces.batch.schedule_delay", "\"5s\""),
        ("exporters.otlp_2.traces.batch.max_queue_size", "2048"),
        ("exporters.otlp_2.traces.batch.max_export_batch_size", "512"),
        ("metrics.interval", "\"5s\""),
        ("otlp.metrics.interval", "\"1s\""),
        ("exporters.otlp_2.metrics.interval", "\"60s\""),
        ("metrics.timeout", "\"20s\""),
        ("otlp.metrics.timeout", "\"2s\""),
        ("exporters.otlp_2.metrics.timeout", "\"10s\""),
    ] {
        assert_eq!(value(&explained, key), expected, "{key}");
    }
}

#[test]
fn extension_decides_about_the_format() {
    let directory = tempfile::tempdir().unwrap();
    let named = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (yaml, toml) = (named("a.YML", NAMED), named("a.toml", "service.name = \"toml\""));
    let by = |variable, path: &str| with_env(&[(variable, path)]).explain();
    assert_eq!(value(&by("AUTOTEL_CONFIG", &yaml), "service.name"), "\"shop\"");
    assert_eq!(value(&with_env(&[]).config_file(&yaml).explain(), "service.name"), "\"shop\"");
    let refused = by("OTEL_CONFIG_FILE", &toml);
    let [error, ..] = refused.errors() else { panic!("{refused}") };
    assert_eq!(error.help(), Some("name it in AUTOTEL_CONFIG"));
    assert_eq!(error.origin(), Some(&Origin::Env("OTEL_CONFIG_FILE".to_owned())));
    let missing = by("OTEL_CONFIG_FILE", "/nonexistent/otel.yaml");
    assert_eq!((missing.errors().len(), missing.warnings().len()), (1, 0), "{missing}");
    let old = by("OTEL_EXPERIMENTAL_CONFIG_FILE", &yaml);
    assert_eq!(value(&old, "service.name"), "\"shop\"");
    assert_eq!(old.warnings()[0].help(), Some("use OTEL_CONFIG_FILE"));
}

#[test]
fn code_describes_the_resource_and_forces_values() {
    let text = "file_format: \"1.1\"\nlog_level: error\nresource:\n  attributes:\n    - name: team\n      value: file\n";
    let (builder, _directory) = with_yaml(text, &[]);
    let explained = builder
        .service_name("code")
        .resource_attribute("team", "code")
        .resource_attribute("region", "code")
        .otlp_endpoint("http://code:4318")
        .set("traces.sampler", "always_off")
        .prometheus_port(0)
        .profile("production")
        .force("diagnostics.level", "debug")
        .explain();
    for (key, expected) in [
        ("service.name", "\"code\""),
        ("resource.attributes.team", "\"file\""),
        ("resource.attributes.region", "\"code\""),
        ("traces.sampler", "\"parentbased_always_on\""),
        ("metrics.exporters", "[]"),
        ("diagnostics.level", "\"debug\""),
    ] {
        assert_eq!(value(&explained, key), expected, "{key}");
    }
    let [warning] = explained.warnings() else { panic!("{explained}") };
    assert_eq!(
        warning.message(),
        "this file is the only source of values; not used: `otlp.endpoint` in code, `traces.sampler` in code, \
         `prometheus.port` in code, `profile` in code, `metrics.exporters` in code"
    );
}

#[test]
fn service_detector_reads_the_name_of_the_service() {
    let text =
        "file_format: \"1.1\"\nresource:\n  detection/development:\n    detectors:\n      - service:\n";
    let found = explained(text, &[("OTEL_SERVICE_NAME", "shop")]);
    assert_eq!(value(&found, "service.name"), "\"shop\"");
    assert!(problems(&found).is_empty(), "{found}");
    assert_ne!(value(&found, "service.instance_id"), "-");
}

#[test]
fn explanation_names_the_file_the_places_and_the_variables() {
    let text = format!("{NAMED}log_level: ${{LEVEL:-debug}}\n");
    let explained = explained(&text, &[]);
    let report = explained.to_string();
    let first = report.lines().next().unwrap();
    assert!(first.starts_with("declarative configuration (file_format 1.1): "), "{first}");
    assert!(first.ends_with("otel.yaml; variables are not merged"), "{first}");
    let row = report.lines().find(|line| line.starts_with("diagnostics.level")).unwrap();
    assert!(row.ends_with("otel.yaml:6:12 (LEVEL)"), "{row}");
    let json: serde_json::Value = serde_json::from_str(&explained.to_json()).unwrap();
    assert_eq!(json["profile"], serde_json::Value::Null);
    assert_eq!(json["values"]["service.name"]["origin"], "file");
}

#[test]
fn disabled_file_with_problems_starts_the_service() {
    let (builder, _directory) = with_yaml("file_format: \"1.1\"\ndisabled: true\nresource:\n  x: 1\n", &[]);
    let tools = builder.build().unwrap();
    assert!(tools.warnings().iter().any(|warning| warning.key() == Some("resource.x")));
}

#[test]
fn tree_of_samplers_becomes_a_name_if_there_is_one() {
    let provider =
        "tracer_provider:\n  processors:\n    - simple:\n        exporter:\n          console:\n  sampler:\n";
    for (sampler, expected) in [
        ("always_off:", "\"always_off\""),
        ("parent_based:", "\"parentbased_always_on\""),
        ("parent_based: {root: {always_off: }}", "\"parentbased_always_off\""),
        (
            "parent_based: {root: {always_on: }, remote_parent_sampled: {always_off: }}",
            r#"{"parent_based":{"root":{"always_on":{}},"remote_parent_sampled":{"always_off":{}},"remote_parent_not_sampled":{"always_off":{}},"local_parent_sampled":{"always_on":{}},"local_parent_not_sampled":{"always_off":{}}}}"#,
        ),
        ("composite/development: {rule_based: }", r#"{"composite":{"always_off":{}}}"#),
        ("probability/development:", r#"{"probability":{"ratio":1.0}}"#),
    ] {
        let found = explained(&format!("{NAMED}{provider}    {sampler}\n"), &[]);
        let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(parse(&value(&found, "traces.sampler")), parse(expected), "{sampler}");
    }
    let ratio = explained(
        &format!("{NAMED}{provider}    parent_based: {{root: {{trace_id_ratio_based: {{ratio: 0.25}}}}}}\n"),
        &[],
    );
    assert_eq!(value(&ratio, "traces.sampler"), "\"parentbased_traceidratio\"");
    assert_eq!(value(&ratio, "traces.sampler_arg"), "0.25");
    assert!(problems(&ratio).is_empty(), "{ratio}");
}

#[test]
fn loggers_keep_their_own_severities() {
    let provider = "logger_provider:\n  processors:\n    - simple:\n        exporter:\n          console:\n  \
                    logger_configurator/development:\n    default_config:\n      minimum_severity: warn\n    \
                    loggers:\n      - name: \"db.*\"\n        config:\n          minimum_severity: debug2\n      - \
                    name: noisy\n        config:\n          enabled: false\n";
    let found = explained(&format!("{NAMED}{provider}"), &[]);
    assert!(problems(&found).is_empty(), "{found}");
    assert_eq!(value(&found, "logs.level"), "\"debug\"");
    assert_eq!(value(&found, "logs.scopes.0.name"), "\"db.*\"");
    assert_eq!(value(&found, "logs.scopes.1.enabled"), "false");
    assert_eq!(value(&found, "logs.scopes.2.name"), "\"*\"");
    assert_eq!(value(&found, "logs.scopes.2.minimum_severity"), "\"warn\"");
}

#[test]
fn level_of_the_distribution_replaces_that_of_the_rules() {
    let text = format!(
        "{NAMED}logger_provider:\n  processors:\n    - simple:\n        exporter:\n          console:\n  \
         logger_configurator/development:\n    default_config:\n      minimum_severity: error\n    loggers:\n      - \
         name: audit\n        config: {{minimum_severity: debug}}\ndistribution:\n  autotelemetry:\n    logs:\n      \
         level: info,audit=debug\n    file: {{directory: logs}}\n    shutdown_timeout: 7s\n"
    );
    let found = explained(&text, &[]);
    assert!(problems(&found).is_empty(), "{found}");
    for (key, expected) in [
        ("logs.level", "\"info,audit=debug\""),
        ("logs.scopes.0.minimum_severity", "\"debug\""),
        ("logs.scopes.1.minimum_severity", "\"error\""),
        ("logs.exporters", "[\"console\",\"file\"]"),
        ("shutdown_timeout", "\"7s\""),
    ] {
        assert_eq!(value(&found, key), expected, "{key}");
    }
}

#[test]
fn retries_of_the_distribution_apply_to_all_exporters() {
    let exporter = |host: &str| {
        format!(
            "    - batch:\n        exporter:\n          otlp_http:\n            endpoint: http://{host}:1/v1/logs\n"
        )
    };
    let text = format!(
        "{NAMED}logger_provider:\n  processors:\n{}{}distribution:\n  autotelemetry:\n    otlp:\n      retry:\n        \
         max_attempts: 2\n",
        exporter("a"),
        exporter("b")
    );
    let found = explained(&text, &[]);
    assert!(problems(&found).is_empty(), "{found}");
    for table in ["otlp", "exporters.otlp_2"] {
        assert_eq!(value(&found, &format!("{table}.logs.retry.max_attempts")), "2", "{table}");
    }
}

#[test]
fn header_wins_over_the_same_one_in_the_list() {
    let exporter = |name: &str, path: &str| {
        format!(
            "    - batch:\n        exporter:\n          {name}:\n            endpoint: {path}\n            \
             headers_list: \"a=list,B=x%20y\"\n            headers:\n              - name: A\n                \
             value: single\n              - name: c\n                value:\n"
        )
    };
    let text = format!(
        "{NAMED}tracer_provider:\n  processors:\n{}{}",
        exporter("otlp_http", "http://a:1/v1/traces"),
        exporter("otlp_grpc", "b:4317")
    );
    let found = explained(&text, &[]);
    assert!(problems(&found).is_empty(), "{found}");
    assert_eq!(value(&found, "traces.exporters"), "[\"otlp\",\"otlp_2\"]");
    assert_eq!(value(&found, "otlp.traces.headers.a"), "\"***\"");
    assert_eq!(value(&found, "exporters.otlp_2.traces.protocol"), "\"grpc\"");
    let keys: Vec<_> = found.values().map(|(key, ..)| key).filter(|key| key.contains("headers.")).collect();
    assert!(!keys.iter().any(|key| key.ends_with("headers.c")), "{keys:?}");
}

/// The reason why a published file is refused.
const REFUSED: &[(&str, &str)] = &[
    ("ExperimentalOtlpFileExporter_logs_file", "output_stream: is not supported"),
    ("ExperimentalOtlpFileExporter_traces_file", "output_stream: is not supported"),
    ("ExperimentalOtlpFileMetricExporter_metrics_file", "output_stream: is not supported"),
    ("IdGenerator_custom", "there is no ID generator `my_custom_id_generator`"),
];

#[test]
fn guide_lists_the_refused_files_and_its_file_is_valid() {
    let guide = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/src/declarative.md")).unwrap();
    for (name, reason) in REFUSED {
        assert!(guide.contains(&format!("| `{name}` | {reason} |")), "{name}");
    }
    let (_, rest) = guide.split_once("```yaml\n").unwrap();
    let (file, _) = rest.split_once("```").unwrap();
    let explained = explained(file, &[("OTLP_TOKEN", "s3cr3t")]);
    assert!(problems(&explained).is_empty(), "{explained}");
    assert!(!explained.to_string().contains("s3cr3t"));
}

/// The files that OpenTelemetry publishes are not part of this repository: `OTEL_CONFIGURATION`
/// names their directory.
#[test]
fn published_files_load() {
    let Some(directory) = published_configuration() else { return };
    let mut count = 0;
    for folder in ["examples", "snippets"] {
        for entry in fs::read_dir(directory.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let explained = with_env(&[]).config_file(&path).check();
            let reason = REFUSED.iter().find(|(refused, _)| *refused == name).map(|(_, reason)| reason);
            let errors: Vec<_> = explained.errors().iter().map(ToString::to_string).collect();
            match (reason, errors.as_slice()) {
                (None, []) => {}
                (Some(reason), [error]) if error.contains(reason) => {}
                _ => panic!("{name}: {errors:#?}"),
            }
            count += 1;
        }
    }
    assert_eq!(count, 38);
}

#[test]
fn published_example_for_migration_has_the_values_of_its_variables() {
    let Some(directory) = published_configuration() else { return };
    let path = directory.join("examples/otel-sdk-migration-config.yaml");
    let plain = with_env(&[]).config_file(&path).explain();
    assert!(problems(&plain).is_empty(), "{plain}");
    for (key, expected) in [
        ("disabled", "false"),
        ("service.name", "\"unknown_service\""),
        ("propagators", "[\"tracecontext\",\"baggage\"]"),
        ("traces.exporters", "[\"otlp\"]"),
        ("metrics.exporters", "[\"otlp\"]"),
        ("logs.exporters", "[\"otlp\"]"),
        ("otlp.traces.endpoint", "\"http://localhost:4318/v1/traces\""),
        ("otlp.metrics.compression", "\"gzip\""),
        ("otlp.logs.timeout", "\"10s\""),
        ("traces.batch.schedule_delay", "\"5s\""),
        ("logs.batch.schedule_delay", "\"1s\""),
        ("traces.batch.max_queue_size", "2048"),
        ("logs.batch.max_export_batch_size", "512"),
        ("metrics.interval", "\"60s\""),
        ("traces.sampler", "\"parentbased_always_on\""),
    ] {
        assert_eq!(value(&plain, key), expected, "{key}");
    }
    let variables = [
        ("OTEL_SDK_DISABLED", "true"),
        ("OTEL_BSP_SCHEDULE_DELAY", "500"),
        ("OTEL_PROPAGATORS", "b3"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "k=v"),
    ];
    let changed = with_env(&variables).config_file(&path).explain();
    assert!(problems(&changed).is_empty(), "{changed}");
    for (key, expected) in [
        ("disabled", "true"),
        ("traces.batch.schedule_delay", "\"500ms\""),
        ("propagators", "[\"b3\"]"),
        ("otlp.traces.headers.k", "\"***\""),
    ] {
        assert_eq!(value(&changed, key), expected, "{key}");
    }
}
