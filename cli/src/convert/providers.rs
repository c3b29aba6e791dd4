//! The providers of the three signals.

use serde_json::Value;

use super::{
    document::Document,
    exporter::{exporter, nothing_if_empty, otlp_table},
    values::Values,
    yaml::Yaml,
};

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
    for name in ["attribute_count_limit", "attribute_value_length_limit", "attribute_value_depth_limit"] {
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
            let own_interval = otlp_table(&name).map(|table| format!("{table}.metrics.interval"));
            let interval = own_interval.unwrap_or_else(|| "metrics.interval".to_owned());
            for (key, path) in [("interval", interval), ("timeout", "metrics.timeout".to_owned())] {
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
            let general = format!("{signal}.batch");
            let table = otlp_table(&name).map(|table| format!("{table}.{signal}.batch"));
            let table = table.as_deref().unwrap_or(&general);
            for (key, is_duration) in [
                ("schedule_delay", true),
                ("export_timeout", true),
                ("max_queue_size", false),
                ("max_export_batch_size", false),
            ] {
                let path = format!("{table}.{key}");
                if values.is_set(&path) {
                    let value = if is_duration { values.millis(&path) } else { values.yaml(&path) };
                    processor.set(&[key], value.unwrap_or(Yaml::Nothing));
                }
            }
            for key in ["max_queue_bytes", "max_concurrent_exports"] {
                let path = format!("{table}.{key}");
                if values.is_set(&path) && !values.is_inherited(&path, &format!("{general}.{key}")) {
                    let why = "in a declarative file, all exporters of a signal share it";
                    document.problem(&path, &format!("{why}; set `{general}.{key}`"));
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
