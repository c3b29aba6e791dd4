//! Each key with what a reload does to it: it takes effect at once, or it needs a restart.
//!
//! The effects themselves are tested in `reload_effects…`, here and at real programs.

use std::{collections::BTreeSet, fs, path::Path};

use autotelemetry::{ObservabilityTools, reload::Change};
use test_support::{builder, golden, value};

/// The time at which a new value takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    AtOnce,
    Restart,
}

use When::{AtOnce, Restart};

/// The keys, each with a value other than the default. `DIR` stands for a directory.
const KEYS: &[(&str, &str, When)] = &[
    ("attribute_limits.attribute_count_limit", "64", Restart),
    ("attribute_limits.attribute_value_depth_limit", "3", AtOnce),
    ("attribute_limits.attribute_value_length_limit", "100", AtOnce),
    ("console.color", "\"never\"", AtOnce),
    ("console.format", "\"text\"", AtOnce),
    ("console.stream", "\"stderr\"", AtOnce),
    ("diagnostics.level", "\"error\"", AtOnce),
    ("diagnostics.metrics", "true", Restart),
    ("disabled", "true", AtOnce),
    ("file.directory", "\"DIR/other\"", AtOnce),
    ("file.format", "\"text\"", AtOnce),
    ("file.max_files", "3", AtOnce),
    ("file.max_size", "\"10MiB\"", AtOnce),
    ("file.max_total_size", "\"100MiB\"", AtOnce),
    ("file.prefix", "\"other\"", AtOnce),
    ("file.rotation", "\"hourly\"", AtOnce),
    ("logs.baggage_attributes", "[\"user\"]", AtOnce),
    ("logs.batch.export_timeout", "\"3s\"", AtOnce),
    ("logs.batch.max_concurrent_exports", "2", AtOnce),
    ("logs.batch.max_export_batch_size", "100", AtOnce),
    ("logs.batch.max_queue_bytes", "\"1MiB\"", AtOnce),
    ("logs.batch.max_queue_size", "4000", AtOnce),
    ("logs.batch.schedule_delay", "\"2s\"", AtOnce),
    ("logs.code_location", "true", AtOnce),
    ("logs.exporters", "[\"otlp\"]", AtOnce),
    ("logs.level", "\"debug\"", AtOnce),
    ("logs.limits.attribute_count_limit", "10", AtOnce),
    ("logs.limits.attribute_value_depth_limit", "3", AtOnce),
    ("logs.limits.attribute_value_length_limit", "10", AtOnce),
    ("logs.scopes", "[{ name = \"shop\", enabled = false }]", AtOnce),
    ("metrics.cardinality_limit", "100", Restart),
    ("metrics.cardinality_limits.counter", "100", Restart),
    ("metrics.cardinality_limits.gauge", "100", Restart),
    ("metrics.cardinality_limits.histogram", "100", Restart),
    ("metrics.cardinality_limits.observable_counter", "100", Restart),
    ("metrics.cardinality_limits.observable_gauge", "100", Restart),
    ("metrics.cardinality_limits.observable_up_down_counter", "100", Restart),
    ("metrics.cardinality_limits.up_down_counter", "100", Restart),
    ("metrics.exemplar_filter", "\"always_on\"", Restart),
    ("metrics.exporters", "[\"otlp\"]", AtOnce),
    ("metrics.histogram_aggregation", "\"base2_exponential_bucket_histogram\"", Restart),
    ("metrics.interval", "\"5s\"", AtOnce),
    ("metrics.scopes", "[{ name = \"shop\", enabled = false }]", AtOnce),
    ("metrics.temporality", "\"delta\"", Restart),
    ("metrics.timeout", "\"3s\"", AtOnce),
    ("metrics.views", "[{ instrument_name = \"a\", aggregation = \"drop\" }]", Restart),
    ("otlp.compression", "\"gzip\"", AtOnce),
    ("otlp.endpoint", "\"http://127.0.0.1:1\"", AtOnce),
    ("otlp.headers", "{ tenant = \"a\" }", AtOnce),
    ("otlp.max_request_size", "\"1MiB\"", AtOnce),
    ("otlp.max_response_size", "\"1MiB\"", AtOnce),
    ("otlp.protocol", "\"http/json\"", AtOnce),
    ("otlp.retry.initial_backoff", "\"1s\"", AtOnce),
    ("otlp.retry.max_attempts", "2", AtOnce),
    ("otlp.retry.max_backoff", "\"9s\"", AtOnce),
    ("otlp.timeout", "\"3s\"", AtOnce),
    ("otlp.tls.ca_file", "\"DIR/ca.pem\"", AtOnce),
    ("otlp.tls.cert_file", "\"DIR/client.pem\"", AtOnce),
    ("otlp.tls.insecure", "true", AtOnce),
    ("otlp.tls.key_file", "\"DIR/client.key\"", AtOnce),
    ("otlp_file.directory", "\"DIR/lines\"", AtOnce),
    ("otlp_file.max_files", "3", AtOnce),
    ("otlp_file.max_size", "\"10MiB\"", AtOnce),
    ("otlp_file.max_total_size", "\"100MiB\"", AtOnce),
    ("otlp_file.output", "\"files\"", AtOnce),
    ("otlp_file.prefix", "\"other\"", AtOnce),
    ("otlp_file.rotation", "\"never\"", AtOnce),
    ("prometheus.host", "\"127.0.0.1\"", AtOnce),
    ("prometheus.listen", "false", AtOnce),
    ("prometheus.namespace", "\"shop\"", AtOnce),
    ("prometheus.path", "\"/other\"", AtOnce),
    ("prometheus.port", "0", AtOnce),
    ("prometheus.resource_labels", "[\"service.name\"]", AtOnce),
    ("prometheus.scope_info", "false", AtOnce),
    ("prometheus.target_info", "false", AtOnce),
    ("prometheus.translation_strategy", "\"no_translation\"", AtOnce),
    ("propagators", "[\"b3\"]", AtOnce),
    ("redact.action", "\"drop\"", AtOnce),
    ("redact.keys", "[\"card\"]", AtOnce),
    ("reload.interval", "\"20s\"", AtOnce),
    ("reload.watch", "true", AtOnce),
    ("resource.detectors", "[\"os\"]", Restart),
    ("resource.schema_url", "\"https://opentelemetry.io/schemas/1.40.0\"", Restart),
    ("service.environment", "\"test\"", Restart),
    ("service.instance_id", "\"1\"", Restart),
    ("service.name", "\"cart\"", Restart),
    ("service.namespace", "\"shops\"", Restart),
    ("service.version", "\"2\"", Restart),
    ("shutdown_timeout", "\"2s\"", AtOnce),
    ("traces.baggage_attributes", "[\"user\"]", AtOnce),
    ("traces.batch.export_timeout", "\"3s\"", AtOnce),
    ("traces.batch.max_concurrent_exports", "2", AtOnce),
    ("traces.batch.max_export_batch_size", "100", AtOnce),
    ("traces.batch.max_queue_bytes", "\"1MiB\"", AtOnce),
    ("traces.batch.max_queue_size", "4000", AtOnce),
    ("traces.batch.schedule_delay", "\"2s\"", AtOnce),
    ("traces.exporters", "[\"console\"]", AtOnce),
    ("traces.limits.attribute_count_limit", "10", Restart),
    ("traces.limits.attribute_value_length_limit", "10", AtOnce),
    ("traces.limits.event_attribute_count_limit", "10", Restart),
    ("traces.limits.event_count_limit", "10", Restart),
    ("traces.limits.link_attribute_count_limit", "10", Restart),
    ("traces.limits.link_count_limit", "10", Restart),
    ("traces.sampler", "\"always_off\"", AtOnce),
    ("traces.sampler_arg", "0.5", AtOnce),
    ("traces.scopes", "[{ name = \"shop\", enabled = false }]", AtOnce),
];

/// The exporters, so that all tables are in use. The ports of Prometheus differ from test to test.
const EXPORTERS: [(&str, &str); 3] = [
    ("traces.exporters", "[\"otlp\", \"otlp_file\"]"),
    ("logs.exporters", "[\"otlp\", \"otlp_file\", \"file\"]"),
    ("metrics.exporters", "[\"otlp\", \"otlp_file\"]"),
];

/// Returns a file with one key beside the exporters.
fn text(directory: &Path, set: Option<(&str, &str)>) -> String {
    let mut keys: Vec<(String, String)> = vec![
        ("service.name".to_owned(), "\"shop\"".to_owned()),
        ("file.directory".to_owned(), "\"DIR\"".to_owned()),
    ];
    keys.extend(EXPORTERS.map(|(key, value)| (key.to_owned(), value.to_owned())));
    if let Some((key, value)) = set {
        keys.retain(|(other, _)| *other != key);
        keys.push((key.to_owned(), value.to_owned()));
        let tls = |name: &str, file: &str| (format!("otlp.tls.{name}"), format!("\"DIR/{file}\""));
        match key {
            "otlp.tls.cert_file" => keys.push(tls("key_file", "client.key")),
            "otlp.tls.key_file" => keys.push(tls("cert_file", "client.pem")),
            // The default directory is that of the process.
            "otlp_file.output" => {
                keys.push(("otlp_file.directory".to_owned(), "\"DIR/lines\"".to_owned()));
            }
            "otlp.tls.insecure" => {
                keys.push(("otlp.endpoint".to_owned(), "\"localhost:4317\"".to_owned()));
                keys.push(("otlp.protocol".to_owned(), "\"grpc\"".to_owned()));
            }
            _ => {}
        }
        if key.contains("_file") && key.starts_with("otlp.tls") {
            keys.push(("otlp.endpoint".to_owned(), "\"https://127.0.0.1:1\"".to_owned()));
        }
    }
    let lines = keys.iter().map(|(key, value)| format!("{key} = {value}\n"));
    lines.collect::<String>().replace("DIR", &directory.display().to_string())
}

fn keys(changes: &[Change]) -> Vec<&str> {
    changes.iter().map(Change::key).collect()
}

#[test]
fn each_key_takes_effect_at_once_or_needs_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    for file in ["ca.pem", "client.pem", "client.key"] {
        let of_server = match file {
            "ca.pem" => include_str!("../fixtures/tls/ca.pem"),
            "client.pem" => include_str!("../fixtures/tls/server.pem"),
            _ => include_str!("../fixtures/tls/server.key"),
        };
        fs::write(directory.path().join(file), of_server).unwrap();
    }
    let path = directory.path().join("autotelemetry.toml");
    for (key, new, when) in KEYS {
        fs::write(&path, text(directory.path(), None)).unwrap();
        let tools = builder().config_file(&path).build().unwrap();
        let before = value(&tools, key);
        fs::write(&path, text(directory.path(), Some((key, new)))).unwrap();
        let reload = tools.reload().unwrap_or_else(|error| panic!("{key}: {error}"));
        let (named, others) = match when {
            AtOnce => (reload.changed(), reload.needs_restart()),
            Restart => (reload.needs_restart(), reload.changed()),
        };
        let belongs = |name: &&str| *name == *key || name.starts_with(&format!("{key}."));
        assert!(keys(named).iter().any(belongs), "{key}: {reload:?}");
        assert!(!keys(others).iter().any(belongs), "{key}: {reload:?}");
        assert_eq!(tools.explain().needs_restart(key), *when == Restart, "{key}");
        let after = values(&tools, key);
        if *when == Restart {
            assert_eq!(after, [before], "{key}");
        } else {
            assert_ne!(after, [before], "{key}");
        }
        drop(tools);
    }
}

/// Returns the values of a key, or of the keys in a table.
fn values(tools: &ObservabilityTools, key: &str) -> Vec<String> {
    let explanation = tools.explain();
    let belongs = |name: &str| name == key || name.starts_with(&format!("{key}."));
    explanation.values().filter(|(name, ..)| belongs(name)).map(|(_, value, _)| value).collect()
}

/// Keys of a signal in `[otlp]` behave as the general ones.
#[test]
fn each_key_has_a_row() {
    let tools = builder().service_name("shop").build().unwrap();
    let rows: BTreeSet<_> = KEYS.iter().map(|(key, ..)| *key).collect();
    assert_eq!(rows.len(), KEYS.len(), "a key has two rows");
    let explanation = tools.explain();
    let is_of_signal = |key: &str| {
        ["traces", "metrics", "logs"].iter().any(|signal| key.starts_with(&format!("otlp.{signal}.")))
    };
    // The chosen profile stays.
    let missing: Vec<_> = explanation
        .values()
        .map(|(key, ..)| key)
        .filter(|key| !rows.contains(key) && !is_of_signal(key) && *key != "profile")
        .collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn chapter_lists_the_keys_that_need_a_restart() {
    // The chapter names these tables as a whole.
    let is_listed = |key: &str| !key.starts_with("service.") && !key.starts_with("resource.");
    let keys = KEYS.iter().filter(|(key, _, when)| *when == Restart && is_listed(key));
    let keys = keys.map(|(key, ..)| format!("- `{key}`\n"));
    let (begin, end) = ("<!-- keys: generated -->\n", "<!-- end -->");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/reload.md");
    let chapter = fs::read_to_string(&path).unwrap();
    let (before, rest) = chapter.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    let expected = format!("{before}{begin}{}{end}{after}", keys.collect::<String>());
    golden::assert_current(&path, &expected);
}
