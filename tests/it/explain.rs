//! `explain`: each effective value and its origin.

use serde_json::{Value, json};
use test_support::{golden, with_env, with_file};

fn explained(text: &str, variables: &[(&str, &str)]) -> Value {
    let (builder, directory) = with_file(text, variables);
    let json = builder.explain().to_json().replace(&format!("{}/", directory.path().display()), "");
    serde_json::from_str(&json).unwrap()
}

const FILE: &str = r#"[service]
name = "checkout"

[otlp]
headers = { Authorization = "Bearer ${TOKEN}" }
timeout = "1m 30s"

[otlp.logs]
endpoint = "http://logs:4318/ingest"
headers = { x-logs = "1" }

[resource.attributes]
"deployment.region" = "eu"

[exporters.vendor]
endpoint = "https://vendor.example"
logs.batch.max_queue_size = 9

[profiles.production.traces]
sampler = "parentbased_traceidratio"
sampler_arg = 0.05
"#;

#[test]
fn each_key_has_a_value_and_an_origin() {
    let variables = [
        ("TOKEN", "s3cret"),
        ("AUTOTEL_PROFILE", "production"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "1500"),
        ("AUTOTEL_LOGS__LEVEL", "warn,db=debug"),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "5"),
        ("OTEL_ATTRIBUTE_COUNT_LIMIT", "64"),
        ("OTEL_ENTITIES", "x"),
        ("AUTOTEL_EXPORTERS__VENDOR__TRACES__BATCH__SCHEDULE_DELAY", "2s"),
        ("AUTOTEL_EXPORTERS__VENDOR__METRICS__INTERVAL", "5s"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "7000"),
    ];
    let all = explained(FILE, &variables);
    assert_eq!((&all["file"], &all["profile"]), (&"autotelemetry.toml".into(), &"production".into()));
    let value = |key: &str| &all["values"][key];
    let expect = |key: &str, expected: Value, origin: &str, at: Option<&str>| {
        let mut actual = value(key).clone();
        actual.as_object_mut().unwrap().remove("needs_restart");
        assert_eq!(actual, json!({ "value": expected, "origin": origin, "at": at }), "{key}");
    };
    assert_eq!(value("service.name")["needs_restart"], true);
    assert_eq!(value("logs.level").get("needs_restart"), None);
    let otlp = Some("OTEL_EXPORTER_OTLP_ENDPOINT");
    expect("service.name", "checkout".into(), "file", Some("autotelemetry.toml:2:8"));
    expect("service.version", Value::Null, "default", None);
    expect("service.environment", "production".into(), "env", Some("AUTOTEL_PROFILE"));
    expect("otlp.endpoint", "http://collector:4318".into(), "env", otlp);
    expect("otlp.traces.endpoint", "http://collector:4318/v1/traces".into(), "env", otlp);
    expect("otlp.metrics.endpoint", "http://collector:4318/v1/metrics".into(), "env", otlp);
    expect("otlp.logs.endpoint", "http://logs:4318/ingest".into(), "file", Some("autotelemetry.toml:9:12"));
    expect("otlp.traces.timeout", "90s".into(), "file", Some("autotelemetry.toml:6:11"));
    expect("otlp.traces.protocol", "http/protobuf".into(), "default", None);
    let (queue, delay) = ("OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BLRP_SCHEDULE_DELAY");
    expect("exporters.vendor.traces.batch.max_queue_size", 100.into(), "env", Some(queue));
    expect("exporters.vendor.traces.batch.max_export_batch_size", 100.into(), "default", None);
    let own = Some("AUTOTEL_EXPORTERS__VENDOR__TRACES__BATCH__SCHEDULE_DELAY");
    expect("exporters.vendor.traces.batch.schedule_delay", "2s".into(), "env", own);
    expect("exporters.vendor.logs.batch.max_queue_size", 9.into(), "file", Some("autotelemetry.toml:17:29"));
    expect("exporters.vendor.logs.batch.max_export_batch_size", 9.into(), "default", None);
    expect("exporters.vendor.logs.batch.schedule_delay", "1500ms".into(), "env", Some(delay));
    let own = Some("AUTOTEL_EXPORTERS__VENDOR__METRICS__INTERVAL");
    expect("exporters.vendor.metrics.interval", "5s".into(), "env", own);
    expect("otlp.metrics.interval", "7s".into(), "env", Some("OTEL_METRIC_EXPORT_INTERVAL"));
    expect("otlp.traces.headers.authorization", "***".into(), "file", Some("autotelemetry.toml:5:29"));
    expect("otlp.logs.headers.x-logs", "***".into(), "file", Some("autotelemetry.toml:10:22"));
    assert!(value("otlp.logs.headers.authorization").is_null(), "replaced for this signal");
    expect("resource.attributes.deployment.region", "eu".into(), "file", Some("autotelemetry.toml:13:23"));
    expect("traces.sampler_arg", 0.05.into(), "file", Some("autotelemetry.toml:21:15"));
    expect("traces.exporters", json!(["otlp"]), "default", None);
    expect("logs.exporters", json!(["console", "otlp"]), "default", None);
    expect("traces.batch.max_export_batch_size", 100.into(), "default", None);
    expect("logs.batch.schedule_delay", "1500ms".into(), "env", Some("OTEL_BLRP_SCHEDULE_DELAY"));
    expect("logs.level", "warn,db=debug".into(), "env", Some("AUTOTEL_LOGS__LEVEL"));
    expect("prometheus.port", 9464.into(), "default", None);
    let limit = Some("OTEL_ATTRIBUTE_COUNT_LIMIT");
    expect("logs.limits.attribute_count_limit", 64.into(), "env", limit);
    expect("traces.limits.attribute_count_limit", 64.into(), "env", limit);
    expect("traces.limits.link_count_limit", 5.into(), "env", Some("OTEL_SPAN_LINK_COUNT_LIMIT"));
    expect("file.prefix", "checkout".into(), "file", Some("autotelemetry.toml:2:8"));
    assert_eq!(all["warnings"][0]["at"], "OTEL_ENTITIES");
    assert_eq!(all["errors"], json!([]));
    assert!(!all.to_string().contains("s3cret"));
    let (builder, _directory) = with_file(FILE, &variables);
    let text = builder.explain().to_string();
    assert!(text.contains("autotelemetry.toml:21:15 (profile production)\n"), "{text}");
}

/// Keys without a value in any source show the value in force.
#[test]
fn defaults_are_shown_as_values() {
    let all = explained("[service]\nname = \"x\"\n[exporters.vendor]\nprotocol = \"grpc\"\n", &[]);
    let default = |key: &str, expected: Value| {
        assert_eq!(
            all["values"][key],
            json!({ "value": expected, "origin": "default", "at": null }),
            "{key}"
        );
    };
    for table in ["otlp", "exporters.vendor"] {
        default(&format!("{table}.compression"), "none".into());
        default(&format!("{table}.timeout"), "10s".into());
        default(&format!("{table}.tls.insecure"), false.into());
        default(&format!("{table}.retry.initial_backoff"), "200ms".into());
        default(&format!("{table}.retry.max_backoff"), "5s".into());
        // No limit and no file are no values.
        default(&format!("{table}.retry.max_attempts"), Value::Null);
        default(&format!("{table}.tls.ca_file"), Value::Null);
    }
    default("otlp.protocol", "http/protobuf".into());
    default("otlp.endpoint", "http://localhost:4318".into());
    default("exporters.vendor.endpoint", Value::Null);
    default("traces.sampler_arg", 1.0.into());
    default("traces.batch.max_export_batch_size", 512.into());
    default("logs.limits.attribute_count_limit", 128.into());
    assert_eq!(all["values"]["exporters.vendor.traces.protocol"]["value"], "grpc");
    let grpc = explained(
        "[service]\nname = \"x\"\n[otlp]\nprotocol = \"grpc\"\nretry = { max_backoff = \"50ms\" }\n",
        &[],
    );
    assert_eq!(grpc["values"]["otlp.endpoint"]["value"], "http://localhost:4317");
    assert_eq!(grpc["values"]["otlp.retry.initial_backoff"]["value"], "50ms");
}

#[test]
fn valid_values_are_listed_beside_errors() {
    let all = explained("[service]\nname = \"x\"\n[otlp]\nendpiont = \"http://x\"\n", &[]);
    assert_eq!(all["values"]["service.name"]["value"], "x");
    assert_eq!(
        all["errors"],
        json!([{ "at": "autotelemetry.toml:4:1", "key": "otlp.endpiont", "message": "unknown key", "help": "did you mean `endpoint`?" }])
    );
    let missing = explained("", &[]);
    assert_eq!(
        (&missing["errors"][0]["at"], &missing["errors"][0]["key"]),
        (&Value::Null, &"service.name".into())
    );
}

#[test]
fn values_set_in_code_name_the_source_line() {
    let tools = with_env(&[]).service_name("x").set("logs.exporters", "none").build().unwrap();
    let text = tools.explain().to_string();
    let line = text.lines().find(|line| line.starts_with("service.name ")).unwrap();
    assert!(line.contains("\"x\"") && line.contains("tests/it/explain.rs:"), "{line}");
    assert!(text.starts_with("file: none\n  not used: "), "{text}");
}

/// Compares the destinations of each example file, with and without variables, with their
/// snapshots.
#[test]
fn example_destinations_match_snapshots() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let environments: [(&str, &[(&str, &str)]); 2] = [
        ("plain", &[("OTLP_TOKEN", "token")]),
        (
            "variables",
            &[
                ("OTLP_TOKEN", "token"),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/prefix/"),
                ("OTEL_EXPORTER_OTLP_HEADERS", "x-general=1"),
                ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:4318/as/it/is"),
                ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-traces=1"),
                ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "gzip"),
                ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/json"),
                ("OTEL_EXPORTER_OTLP_TIMEOUT", "3000"),
                ("AUTOTEL_OTLP__LOGS__TIMEOUT", "1s"),
            ],
        ),
    ];
    for name in ["minimal", "console", "otlp-grpc", "otlp-http", "prometheus", "reference"] {
        for (environment, variables) in environments {
            let text = std::fs::read_to_string(root.join(format!("config-examples/{name}.toml"))).unwrap();
            let (builder, directory) = with_file(&text, variables);
            let explained = builder.set("service.name", "x").explain();
            assert_eq!(explained.errors(), [], "{name}");
            let mut lines = String::new();
            for (key, value, origin) in explained.values() {
                let destination = ["otlp.", "exporters."].iter().any(|table| key.starts_with(table));
                if destination || key.ends_with(".exporters") {
                    let line = format!("{key} = {value}  # {origin}\n");
                    lines += &line.replace(&format!("{}/", directory.path().display()), "");
                }
            }
            let snapshot = root.join(format!("tests/snapshots/explain/{name}.{environment}.txt"));
            golden::assert_current(&snapshot, &lines);
        }
    }
}

const LAYERS: &str = r#"[service]
name = "x"

[otlp]
headers = { authorization = "c4nary" }
timeout = "5s"
endpoint = "http://c/?token=c4nary"

[redact]
keys = ["my.*"]

[resource.attributes]
"my.secret" = "c4nary"

[profiles.production]
otlp.headers = { authorization = "c4nary" }
otlp.endpoint = "http://d/?token=c4nary"
resource.attributes = { "my.secret" = "c4nary" }
"#;

#[test]
fn overridden_values_are_listed_without_secrets() {
    let variables = [
        ("AUTOTEL_PROFILE", "production"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "3000"),
        ("AUTOTEL_OTLP__TIMEOUT", "1s"),
    ];
    let (builder, directory) = with_file(LAYERS, &variables);
    let explained = builder.set("otlp.timeout", "9s").explain();
    let overridden = |key: &str| -> Vec<String> {
        let values = explained.overridden(key).map(|(value, origin)| format!("{value} {origin}"));
        values.map(|line| line.replace(&format!("{}/", directory.path().display()), "")).collect()
    };
    let timeouts = overridden("otlp.timeout");
    assert_eq!(timeouts[..2], ["\"3s\" OTEL_EXPORTER_OTLP_TIMEOUT", "\"5s\" autotelemetry.toml:6:11"]);
    assert!(timeouts[2].starts_with("\"9s\" tests/it/explain.rs:") && timeouts.len() == 3, "{timeouts:?}");
    assert_eq!(overridden("otlp.headers.authorization"), ["\"***\" autotelemetry.toml:5:29"]);
    assert_eq!(overridden("otlp.endpoint"), ["\"http://c/?***\" autotelemetry.toml:7:12"]);
    assert_eq!(overridden("resource.attributes.my.secret"), ["\"***\" autotelemetry.toml:13:15"]);
    assert_eq!(overridden("service.name"), [""; 0]);
    for output in [explained.to_json(), format!("{explained:?}"), explained.to_string()] {
        assert!(!output.contains("c4nary"), "{output}");
    }
}

#[test]
fn tables_without_a_signal_are_unused() {
    let unused = |text: &str, variables: &[(&str, &str)]| {
        let (builder, _directory) = with_file(&format!("service.name = \"x\"\n{text}"), variables);
        builder.explain().unused_tables()
    };
    // Without an endpoint, no signal exports to `otlp`.
    assert_eq!(unused("[otlp]\ntimeout = \"1s\"\n", &[]), ["otlp"]);
    assert_eq!(unused("[otlp]\nendpoint = \"http://c\"\n", &[]), [""; 0]);
    let console = "logs.exporters = [\"console\"]\ntraces.exporters = []\nmetrics.exporters = []\n";
    let tables = "[otlp]\ntimeout = \"1s\"\n[console]\nformat = \"json\"\n[file]\ndirectory = \"a\"\n[prometheus]\nport = 1\n\
                  [otlp_file]\ndirectory = \"a\"\n[exporters.vendor]\nendpoint = \"http://c\"\n";
    let expected = ["exporters.vendor", "file", "otlp", "otlp_file", "prometheus"];
    assert_eq!(unused(&format!("{console}{tables}"), &[]), expected);
    assert_eq!(unused(&format!("disabled = true\n{console}{tables}"), &[]), [""; 0]);
    // A variable counts, and a signal may leave out an exporter that another one uses.
    let variables = [("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "5"), ("OTEL_METRICS_EXPORTER", "console")];
    assert_eq!(unused("otlp.endpoint = \"http://c\"\n", &variables), ["otlp.metrics"]);
}
