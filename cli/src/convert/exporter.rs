//! Exporters.

use serde_json::Value;

use super::{document::Document, values::Values, yaml::Yaml};

/// Returns the table of an exporter of OTLP; `None` for the others.
pub(super) fn otlp_table(name: &str) -> Option<String> {
    match name {
        "console" | "file" | "otlp_file" | "otlp/stdout" | "prometheus" => None,
        "otlp" => Some("otlp".to_owned()),
        name => Some(format!("exporters.{name}")),
    }
}

/// Returns an exporter: its kind and its keys.
pub(super) fn exporter(values: &Values, signal: &str, name: &str, document: &mut Document) -> (String, Yaml) {
    let mut yaml = Yaml::Mapping(Vec::new());
    let Some(general) = otlp_table(name) else {
        if name == "otlp/stdout" {
            yaml.set(&["output_stream"], Yaml::text("stdout"));
        }
        let kind = if name == "console" { name } else { "otlp_file/development" };
        return (kind.to_owned(), yaml);
    };
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
    for key in ["max_request_size", "max_response_size"] {
        let path = format!("{own}.{key}");
        if values.is_set(&path) {
            yaml.set(&[key], values.bytes(&path).unwrap_or(Yaml::Nothing));
        }
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
            let base = reference.trim_end_matches('/');
            let slash = if ends_with_slash(base) { "" } else { "/" };
            Some(format!("{base}{slash}v1/{signal}"))
        }
        Some(reference) => Some(reference),
        None => None,
    };
    let value = text.map(|text| Yaml::text(&text)).or_else(|| values.yaml(&key));
    yaml.set(&["endpoint"], value.unwrap_or(Yaml::Nothing));
}

/// Returns whether the last reference of a text stands for a value that ends with a slash.
fn ends_with_slash(text: &str) -> bool {
    let Some((_, reference)) = text.strip_suffix('}').and_then(|text| text.rsplit_once("${")) else {
        return false;
    };
    let (name, default) = reference.split_once(":-").unwrap_or((reference, ""));
    let name = name.strip_prefix("env:").unwrap_or(name);
    let set = std::env::vars_os().find(|(other, value)| other == name && !value.is_empty());
    set.map_or_else(|| default.ends_with('/'), |(_, value)| value.to_string_lossy().ends_with('/'))
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

/// Returns a mapping; nothing instead of an empty one.
pub(super) fn nothing_if_empty(yaml: Yaml) -> Yaml {
    if yaml.is_empty() { Yaml::Nothing } else { yaml }
}
