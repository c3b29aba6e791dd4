//! The providers of the three signals.

use serde_json::Value;

use super::{document::Document, values::Values, yaml::Yaml};

const KINDS: [&str; 7] = [
    "counter",
    "gauge",
    "histogram",
    "observable_counter",
    "observable_gauge",
    "observable_up_down_counter",
    "up_down_counter",
];

pub(super) fn traces(values: &Values, document: &mut Document) {
    const PROVIDER: &str = "tracer_provider";
    if !processors(values, "traces", PROVIDER, document) {
        return;
    }
    for name in [
        "attribute_count_limit",
        "attribute_value_length_limit",
        "event_count_limit",
        "link_count_limit",
        "event_attribute_count_limit",
        "link_attribute_count_limit",
    ] {
        own_limit(values, "traces", name, PROVIDER, document);
    }
    sampler(values, document);
    scopes(values, "traces", &[PROVIDER, "tracer_configurator/development", "tracers"], document);
}

pub(super) fn logs(values: &Values, document: &mut Document) {
    const PROVIDER: &str = "logger_provider";
    if !processors(values, "logs", PROVIDER, document) {
        let has_file = values.names("logs.exporters").iter().any(|name| name == "file");
        for table in ["logs.limits", "logs.scopes"] {
            if has_file && !values.below(&format!("{table}.")).is_empty() {
                document.problem(table, "a declarative file requires an exporter besides `file`");
            }
        }
        return;
    }
    for name in ["attribute_count_limit", "attribute_value_length_limit"] {
        own_limit(values, "logs", name, PROVIDER, document);
    }
    scopes(values, "logs", &[PROVIDER, "logger_configurator/development", "loggers"], document);
}

pub(super) fn metrics(values: &Values, document: &mut Document) {
    const PROVIDER: &str = "meter_provider";
    let names = values.names("metrics.exporters");
    if names.is_empty() {
        return;
    }
    let mut readers = Vec::new();
    for name in names {
        let mut reader = Yaml::Mapping(Vec::new());
        let mut limits = Yaml::Mapping(Vec::new());
        if values.is_set("metrics.cardinality_limit") {
            limits.set(&["default"], values.yaml("metrics.cardinality_limit").unwrap_or(Yaml::Nothing));
        }
        for kind in KINDS {
            let key = format!("metrics.cardinality_limits.{kind}");
            if values.is_set(&key) {
                limits.set(&[kind], values.yaml(&key).unwrap_or(Yaml::Nothing));
            }
        }
        if name == "prometheus" {
            reader.set(&["exporter", "prometheus/development"], prometheus(values));
        } else {
            for key in ["interval", "timeout"] {
                let path = format!("metrics.{key}");
                if values.is_set(&path) {
                    reader.set(&[key], values.millis(&path).unwrap_or(Yaml::Nothing));
                }
            }
            let (kind, mut exporter) = exporter(values, "metrics", &name, document);
            let temporality = values.get("metrics.temporality").and_then(Value::as_str).unwrap_or_default();
            if values.is_set("metrics.temporality") {
                let word = if temporality == "lowmemory" { "low_memory" } else { temporality };
                exporter.set(&["temporality_preference"], Yaml::text(word));
            }
            if values.is_set("metrics.histogram_aggregation") {
                let value = values.yaml("metrics.histogram_aggregation").unwrap_or(Yaml::Nothing);
                exporter.set(&["default_histogram_aggregation"], value);
            }
            reader.set(&["exporter", &kind], nothing_if_empty(exporter));
        }
        if !limits.is_empty() {
            reader.set(&["cardinality_limits"], limits);
        }
        readers.push(Yaml::mapping(if name == "prometheus" { "pull" } else { "periodic" }, reader));
    }
    document.yaml.set(&[PROVIDER, "readers"], Yaml::List(readers));
    views(values, document);
    document.copy(values, "metrics.exemplar_filter", &[PROVIDER, "exemplar_filter"]);
    scopes(values, "metrics", &[PROVIDER, "meter_configurator/development", "meters"], document);
}

fn nothing_if_empty(yaml: Yaml) -> Yaml {
    if yaml.is_empty() { Yaml::Nothing } else { yaml }
}

fn own_limit(values: &Values, signal: &str, name: &str, provider: &str, document: &mut Document) {
    let key = format!("{signal}.limits.{name}");
    if !values.is_inherited(&key, &format!("attribute_limits.{name}")) {
        document.copy(values, &key, &[provider, "limits", name]);
    }
}

/// Writes the processors of a signal. Returns `false` if it has no exporter.
fn processors(values: &Values, signal: &str, provider: &str, document: &mut Document) -> bool {
    let mut processors = Vec::new();
    for name in values.names(&format!("{signal}.exporters")) {
        if name == "file" {
            continue;
        }
        let (kind, exporter) = exporter(values, signal, &name, document);
        let mut processor = Yaml::Mapping(Vec::new());
        if name != "console" {
            for (key, is_duration) in [
                ("schedule_delay", true),
                ("export_timeout", true),
                ("max_queue_size", false),
                ("max_export_batch_size", false),
            ] {
                let path = format!("{signal}.batch.{key}");
                if values.is_set(&path) {
                    let value = if is_duration { values.millis(&path) } else { values.yaml(&path) };
                    processor.set(&[key], value.unwrap_or(Yaml::Nothing));
                }
            }
        }
        processor.set(&["exporter", &kind], nothing_if_empty(exporter));
        processors.push(Yaml::mapping(if name == "console" { "simple" } else { "batch" }, processor));
    }
    if processors.is_empty() {
        return false;
    }
    document.yaml.set(&[provider, "processors"], Yaml::List(processors));
    true
}

/// Returns an exporter: its kind and its keys.
fn exporter(values: &Values, signal: &str, name: &str, document: &mut Document) -> (String, Yaml) {
    let mut yaml = Yaml::Mapping(Vec::new());
    match name {
        "console" => return ("console".to_owned(), yaml),
        "otlp/stdout" => {
            yaml.set(&["output_stream"], Yaml::text("stdout"));
            return ("otlp_file/development".to_owned(), yaml);
        }
        "otlp_file" => return ("otlp_file/development".to_owned(), yaml),
        _ => {}
    }
    let general = if name == "otlp" { "otlp".to_owned() } else { format!("exporters.{name}") };
    let own = format!("{general}.{signal}");
    let protocol = values.get(&format!("{own}.protocol")).and_then(Value::as_str).unwrap_or_default();
    let is_grpc = protocol == "grpc";
    endpoint(values, &general, &own, signal, is_grpc, &mut yaml);
    if protocol == "http/json" {
        yaml.set(&["encoding"], Yaml::text("json"));
    }
    let compression = format!("{own}.compression");
    if values.is_set(&compression) {
        yaml.set(&["compression"], values.yaml(&compression).unwrap_or(Yaml::Nothing));
    }
    let timeout = format!("{own}.timeout");
    if values.is_set(&timeout) {
        yaml.set(&["timeout"], values.millis(&timeout).unwrap_or(Yaml::Nothing));
    }
    for file in ["ca_file", "cert_file", "key_file"] {
        let key = format!("{own}.tls.{file}");
        match values.get(&key).and_then(Value::as_str).filter(|_| values.is_set(&key)) {
            Some(path) if !std::path::Path::new(path).is_absolute() => {
                document.problem(&key, "a declarative file requires an absolute path");
            }
            Some(_) => yaml.set(&["tls", file], values.yaml(&key).unwrap_or(Yaml::Nothing)),
            None => {}
        }
    }
    if is_grpc && values.is_set(&format!("{own}.tls.insecure")) {
        yaml.set(&["tls", "insecure"], values.yaml(&format!("{own}.tls.insecure")).unwrap_or(Yaml::Nothing));
    }
    let headers = headers(values, &own, document);
    if !headers.is_empty() {
        yaml.set(&["headers"], Yaml::List(headers));
    }
    document.retry(values, &own);
    (if is_grpc { "otlp_grpc" } else { "otlp_http" }.to_owned(), yaml)
}

fn endpoint(values: &Values, general: &str, own: &str, signal: &str, is_grpc: bool, yaml: &mut Yaml) {
    let key = format!("{own}.endpoint");
    if !values.is_set(&key) {
        return;
    }
    let is_general = values.is_inherited(&key, &format!("{general}.endpoint"));
    let text = match values.reference(&key) {
        Some(reference) if is_general && !is_grpc => {
            Some(format!("{}/v1/{signal}", reference.trim_end_matches('/')))
        }
        Some(reference) => Some(reference),
        None => None,
    };
    let value = text.map(|text| Yaml::text(&text)).or_else(|| values.yaml(&key));
    yaml.set(&["endpoint"], value.unwrap_or(Yaml::Nothing));
}

/// Returns the headers with the text of their values in the file, since reports mask them.
fn headers(values: &Values, own: &str, document: &mut Document) -> Vec<Yaml> {
    let prefix = format!("{own}.headers.");
    let mut headers = Vec::new();
    for name in values.below(&prefix) {
        let Some(text) = values.written(&format!("{prefix}{name}")) else {
            let why = "the value is not a plain string; write a reference such as \"${TOKEN}\"";
            document.problem(&format!("{prefix}{name}"), why);
            continue;
        };
        let mut header = Yaml::mapping("name", Yaml::text(&name));
        header.push("value", Yaml::text(&text));
        headers.push(header);
    }
    headers
}

fn prometheus(values: &Values) -> Yaml {
    let mut yaml = Yaml::Mapping(Vec::new());
    for (key, name) in [
        ("host", "host"),
        ("port", "port"),
        ("scope_info", "scope_info_enabled"),
        ("target_info", "target_info_enabled/development"),
    ] {
        let key = format!("prometheus.{key}");
        if values.is_set(&key) {
            yaml.set(&[name], values.yaml(&key).unwrap_or(Yaml::Nothing));
        }
    }
    let strategy = "prometheus.translation_strategy";
    if let Some(word) = values.get(strategy).and_then(Value::as_str).filter(|_| values.is_set(strategy)) {
        let suffix = if word == "underscore_escaping_with_suffixes" { "" } else { "/development" };
        yaml.set(&["translation_strategy"], Yaml::text(&format!("{word}{suffix}")));
    }
    let labels = "prometheus.resource_labels";
    if values.is_set(labels) && values.get(labels) != Some(&Value::Array(Vec::new())) {
        yaml.set(&["resource_constant_labels", "included"], values.yaml(labels).unwrap_or(Yaml::Nothing));
    }
    for name in ["included", "excluded"] {
        let key = format!("{labels}.{name}");
        if values.is_set(&key) {
            yaml.set(&["resource_constant_labels", name], values.yaml(&key).unwrap_or(Yaml::Nothing));
        }
    }
    nothing_if_empty(yaml)
}

fn views(values: &Values, document: &mut Document) {
    let mut views = Vec::new();
    for index in 0.. {
        let prefix = format!("metrics.views.{index}.");
        let keys = values.below(&prefix);
        if keys.is_empty() {
            break;
        }
        let mut view = Yaml::Mapping(Vec::new());
        view.set(&["selector"], Yaml::Mapping(Vec::new()));
        view.set(&["stream"], Yaml::Mapping(Vec::new()));
        let kind = values.get(&format!("{prefix}aggregation")).and_then(Value::as_str);
        for key in keys {
            let Some(value) = values.yaml(&format!("{prefix}{key}")) else { continue };
            match key.as_str() {
                "instrument_name" | "instrument_type" | "unit" | "meter_name" | "meter_version"
                | "meter_schema_url" => {
                    view.set(&["selector", &key], value);
                }
                "aggregation" => {
                    view.entry("stream").entry("aggregation").entry(kind.unwrap_or("default"));
                }
                "boundaries" => {
                    view.set(&["stream", "aggregation", "explicit_bucket_histogram", "boundaries"], value);
                }
                "max_size" | "max_scale" => {
                    view.set(&["stream", "aggregation", "base2_exponential_bucket_histogram", &key], value);
                }
                "record_min_max" => {
                    let kind = kind.unwrap_or("explicit_bucket_histogram");
                    view.set(&["stream", "aggregation", kind, &key], value);
                }
                "attribute_keys" => view.set(&["stream", "attribute_keys", "included"], value),
                key => {
                    let path: Vec<_> = ["stream"].into_iter().chain(key.split('.')).collect();
                    view.set(&path, value);
                }
            }
        }
        views.push(view);
    }
    if !views.is_empty() {
        document.yaml.set(&["meter_provider", "views"], Yaml::List(views));
    }
}

fn scopes(values: &Values, signal: &str, path: &[&str], document: &mut Document) {
    let mut rules = Vec::new();
    for index in 0.. {
        let prefix = format!("{signal}.scopes.{index}.");
        let Some(name) = values.yaml(&format!("{prefix}name")) else { break };
        let mut rule = Yaml::mapping("name", name);
        rule.set(&["config"], Yaml::Mapping(Vec::new()));
        for key in ["enabled", "minimum_severity", "trace_based"] {
            let key_path = format!("{prefix}{key}");
            if values.get(&key_path).and_then(Value::as_str) == Some("off") {
                document
                    .problem(&key_path, "a declarative file has no severity `off`; use `enabled = false`");
            } else if values.is_set(&key_path) {
                rule.set(&["config", key], values.yaml(&key_path).unwrap_or(Yaml::Nothing));
            }
        }
        rules.push(rule);
    }
    if !rules.is_empty() {
        document.yaml.set(path, Yaml::List(rules));
    }
}

fn sampler(values: &Values, document: &mut Document) {
    if !values.is_set("traces.sampler") {
        return;
    }
    let path = ["tracer_provider", "sampler"];
    let ratio = || {
        let mut sampler = Yaml::mapping("trace_id_ratio_based", Yaml::Mapping(Vec::new()));
        let ratio = values.yaml("traces.sampler_arg").unwrap_or(Yaml::Scalar("1.0".to_owned()));
        sampler.set(&["trace_id_ratio_based", "ratio"], ratio);
        sampler
    };
    let of_parent = |root: Yaml| Yaml::mapping("parent_based", Yaml::mapping("root", root));
    let always = |name: &str| Yaml::mapping(name, Yaml::Nothing);
    let sampler = match values.get("traces.sampler") {
        Some(Value::String(name)) => match name.as_str() {
            "traceidratio" => ratio(),
            "parentbased_always_on" => of_parent(always("always_on")),
            "parentbased_always_off" => of_parent(always("always_off")),
            "parentbased_traceidratio" => of_parent(ratio()),
            name => always(name),
        },
        Some(tree) => match tree_of(tree, false) {
            Some(tree) => tree,
            None => return document.problem("traces.sampler", "the schema does not have this sampler"),
        },
        None => return,
    };
    document.yaml.set(&path, sampler);
}

/// Converts a tree of samplers. Returns `None` for a sampler that the schema does not have.
fn tree_of(tree: &Value, is_part: bool) -> Option<Yaml> {
    let (name, arguments) = tree.as_object()?.iter().next()?;
    let is_composite = is_part || name == "composite";
    let name = match name.as_str() {
        "rule_based" | "rate_limiting" if !is_part => return None,
        "probability" | "composite" | "jaeger_remote" if !is_part => format!("{name}/development"),
        name => name.to_owned(),
    };
    if name == "composite/development" {
        return Some(Yaml::mapping(&name, tree_of(arguments, true)?));
    }
    let mut yaml = Yaml::Mapping(Vec::new());
    for (key, value) in arguments.as_object()? {
        let is_sampler = key == "root" || key.ends_with("_sampler") || key.ends_with("_sampled");
        let value = match value {
            Value::Array(rules) if key == "rules" => {
                let rules: Option<Vec<_>> = rules.iter().map(rule_of).collect();
                Yaml::List(rules?)
            }
            Value::String(interval) if key == "interval" => Yaml::Scalar(
                interval.trim_end_matches('s').parse::<f64>().ok().map(|s| format!("{:.0}", s * 1_000.0))?,
            ),
            value if is_sampler => tree_of(value, is_composite)?,
            value => Yaml::from_json(value),
        };
        yaml.push(key, value);
    }
    Some(Yaml::mapping(&name, nothing_if_empty(yaml)))
}

fn rule_of(rule: &Value) -> Option<Yaml> {
    let mut yaml = Yaml::Mapping(Vec::new());
    for (key, value) in rule.as_object()? {
        match key.as_str() {
            // The schema has no condition on the name of a span.
            "span_name" => return None,
            "sampler" => yaml.push(key, tree_of(value, true)?),
            _ => yaml.push(key, Yaml::from_json(value)),
        }
    }
    Some(yaml)
}
