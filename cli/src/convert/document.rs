//! The whole file: its root, its resource, and what the schema does not have.

use serde_json::Value;

use super::{providers, values::Values, yaml::Yaml};

/// A declarative file.
pub(super) struct Document {
    pub(super) yaml: Yaml,
    /// Keys that it cannot express.
    pub(super) problems: Vec<String>,
    /// The table of the first exporter of OTLP, and its retries.
    retries: Option<(String, [Option<Value>; 3])>,
}

const RETRY: [&str; 3] = ["max_attempts", "initial_backoff", "max_backoff"];

/// Keys of `distribution.autotelemetry`, with all keys below them.
const DISTRIBUTION: &[&str] = &[
    "shutdown_timeout",
    "console",
    "file",
    "redact",
    "otlp_file.directory",
    "otlp_file.max_files",
    "otlp_file.max_size",
    "otlp_file.max_total_size",
    "otlp_file.prefix",
    "otlp_file.rotation",
    "prometheus.listen",
    "prometheus.namespace",
    "prometheus.path",
    "logs.level",
    "logs.levels",
    "logs.code_location",
    "logs.baggage_attributes",
    "logs.batch.max_concurrent_exports",
    "logs.batch.max_queue_bytes",
    "traces.baggage_attributes",
    "traces.batch.max_concurrent_exports",
    "traces.batch.max_queue_bytes",
    "diagnostics.metrics",
];

const SERVICE: [(&str, &str); 5] = [
    ("name", "service.name"),
    ("version", "service.version"),
    ("namespace", "service.namespace"),
    ("instance_id", "service.instance.id"),
    ("environment", "deployment.environment.name"),
];

impl Document {
    pub(super) fn new(values: &Values) -> Self {
        let yaml = Yaml::mapping("file_format", Yaml::text("1.1"));
        let mut document = Self { yaml, problems: Vec::new(), retries: None };
        document.root(values);
        document.resource(values);
        for name in ["attribute_count_limit", "attribute_value_length_limit", "attribute_value_depth_limit"] {
            document.copy(values, &format!("attribute_limits.{name}"), &["attribute_limits", name]);
        }
        let propagators = values.names("propagators").into_iter();
        let propagators: Vec<_> = propagators.map(|name| Yaml::mapping(&name, Yaml::Nothing)).collect();
        if !propagators.is_empty() {
            document.yaml.set(&["propagator", "composite"], Yaml::List(propagators));
        }
        providers::traces(values, &mut document);
        providers::metrics(values, &mut document);
        providers::logs(values, &mut document);
        document.distribution(values);
        document
    }

    /// Copies a value that the file sets.
    pub(super) fn copy(&mut self, values: &Values, key: &str, path: &[&str]) {
        if values.is_set(key)
            && let Some(value) = values.yaml(key)
        {
            self.yaml.set(path, value);
        }
    }

    pub(super) fn problem(&mut self, key: &str, why: &str) {
        self.problems.push(format!("{key}: {why}"));
    }

    /// Notes the retries of the exporter at `table`. All exporters share them.
    pub(super) fn retry(&mut self, values: &Values, table: &str) {
        let retries = RETRY.map(|key| values.get(&format!("{table}.retry.{key}")).cloned());
        match &self.retries {
            None => self.retries = Some((table.to_owned(), retries)),
            Some((_, first)) if *first != retries => {
                let why = "in a declarative file, all exporters have the same retries";
                self.problem(&format!("{table}.retry"), why);
            }
            Some(_) => {}
        }
    }

    fn root(&mut self, values: &Values) {
        self.copy(values, "disabled", &["disabled"]);
        if values.get("diagnostics.level").and_then(Value::as_str) == Some("off") {
            self.problem("diagnostics.level", "a declarative file cannot turn diagnostics off");
        } else {
            self.copy(values, "diagnostics.level", &["log_level"]);
        }
    }

    fn resource(&mut self, values: &Values) {
        let mut attributes = Vec::new();
        for (key, attribute) in SERVICE {
            let key = format!("service.{key}");
            if values.is_set(&key)
                && let Some(value) = values.yaml(&key)
            {
                let mut entry = Yaml::mapping("name", Yaml::text(attribute));
                entry.push("value", value);
                attributes.push(entry);
            }
        }
        for name in values.below("resource.attributes.") {
            let key = format!("resource.attributes.{name}");
            let Some((value, kind)) = values.yaml(&key).zip(values.get(&key).and_then(kind)) else {
                continue;
            };
            let mut entry = Yaml::mapping("name", Yaml::text(&name));
            entry.push("value", value);
            entry.push("type", Yaml::text(kind));
            attributes.push(entry);
        }
        if !attributes.is_empty() {
            self.yaml.set(&["resource", "attributes"], Yaml::List(attributes));
        }
        self.copy(values, "resource.schema_url", &["resource", "schema_url"]);
        self.detectors(values);
    }

    fn detectors(&mut self, values: &Values) {
        const DETECTION: &str = "detection/development";
        let names = values.names("resource.detectors");
        let has = |name: &str| names.iter().any(|known| known == name);
        if has("host") && !has("os") {
            self.problem(
                "resource.detectors",
                "in a declarative file, `host` includes `os`; add it to the list",
            );
        }
        let detectors = names.iter().filter(|name| *name != "os" || !has("host"));
        let detectors: Vec<_> = detectors
            .map(|name| match name.as_str() {
                "service_instance" => Yaml::mapping("service", Yaml::Nothing),
                name => Yaml::mapping(name, Yaml::Nothing),
            })
            .collect();
        if detectors.is_empty() {
            return;
        }
        let list = "resource.detector_attributes";
        if values.is_set(list) {
            self.copy(values, list, &["resource", DETECTION, "attributes", "included"]);
        }
        for name in ["included", "excluded"] {
            self.copy(values, &format!("{list}.{name}"), &["resource", DETECTION, "attributes", name]);
        }
        self.yaml.set(&["resource", DETECTION, "detectors"], Yaml::List(detectors));
    }

    fn distribution(&mut self, values: &Values) {
        for key in DISTRIBUTION {
            let keys = [String::new()].into_iter().chain(values.below(&format!("{key}.")));
            for below in keys {
                let key = if below.is_empty() { (*key).to_owned() } else { format!("{key}.{below}") };
                // A key without a place has its own default, or derives from another key.
                let is_derived = [("file.prefix", "service.name"), ("otlp_file.prefix", "service.name")]
                    .iter()
                    .any(|(derived, general)| key == *derived && values.is_inherited(&key, general));
                if !is_derived {
                    let path: Vec<_> =
                        ["distribution", "autotelemetry"].into_iter().chain(key.split('.')).collect();
                    self.copy(values, &key, &path);
                }
            }
        }
        let table = self.retries.take().map(|(table, _)| table);
        for key in table.iter().flat_map(|_| RETRY) {
            let from = format!("{}.retry.{key}", table.as_deref().unwrap_or_default());
            self.copy(values, &from, &["distribution", "autotelemetry", "otlp", "retry", key]);
        }
        if values.names("logs.exporters").iter().any(|name| name == "file") {
            self.yaml.entry("distribution").entry("autotelemetry").entry("file");
        }
    }
}

/// Returns the type of an attribute.
fn kind(value: &Value) -> Option<&'static str> {
    Some(match value {
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_i64() || number.is_u64() => "int",
        Value::Number(_) => "double",
        Value::Array(items) => match kind(items.first()?)? {
            "string" => "string_array",
            "bool" => "bool_array",
            "int" => "int_array",
            _ => "double_array",
        },
        _ => return None,
    })
}
