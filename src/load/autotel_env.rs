//! `AUTOTEL_*`: the path of a key in upper case, its levels joined by a double underscore.

use super::{environment::Environment, layer::Layer, layer_source::LayerSource, platform::is_service_link};
use crate::{
    config::{Config, Otlp, key_path::KeyPath, value::ParseError},
    error::{Origin, Problem},
    text::nearest,
};

const PREFIX: &str = "AUTOTEL_";

/// Variables that do not set keys.
const RESERVED: &[&str] = &["AUTOTEL_CONFIG", "AUTOTEL_PROFILE"];

/// Returns the variable that sets the key at `path`.
pub(super) fn name(path: &[String]) -> String {
    format!("{PREFIX}{}", path.join("__").to_uppercase())
}

/// Returns one layer for each variable that is set.
pub(super) fn layers(environment: &Environment, problems: &mut Vec<Problem>) -> Vec<Layer> {
    for name in environment.not_unicode().iter().filter(|name| name.starts_with(PREFIX)) {
        problems.push(Problem::new("the value is not valid UTF-8").with_origin(Origin::Env(name.clone())));
    }
    let mut layers = Vec::new();
    for (name, text) in environment.starting_with(PREFIX).filter(|(name, _)| !RESERVED.contains(name)) {
        let path: KeyPath = name[PREFIX.len()..].split("__").map(str::to_lowercase).collect();
        let source = LayerSource::Env(name.to_owned());
        match Layer::from_text::<Config>(source, &path, text, |error| propose_variable(error, &path)) {
            Ok(layer) => layers.push(layer),
            Err(_) if is_service_link(name, text) => {}
            Err(problem) => problems.push(problem),
        }
    }
    layers
}

/// Proposes the name of a variable instead of a key.
fn propose_variable(error: ParseError, path: &[String]) -> ParseError {
    if error.message != ParseError::UNKNOWN_KEY {
        return error;
    }
    if path[0] == "profiles" {
        return ParseError::of_key("profiles can only be set in the file")
            .with_help("set AUTOTEL_PROFILE to select one");
    }
    let known: Vec<String> = keys_near(path).iter().map(|path| name(path)).collect();
    let is_complete = !path.iter().any(String::is_empty);
    let near = nearest(&name(path), known.iter().map(String::as_str)).filter(|_| is_complete);
    ParseError::of_key(ParseError::UNKNOWN_KEY).with_help(match near {
        Some(near) => format!("did you mean {near}?"),
        None => "join levels by two underscores, for example AUTOTEL_LOGS__LEVEL".to_owned(),
    })
}

/// Returns the paths of all keys with fixed names, and of the keys of the exporter in `path`.
fn keys_near(path: &[String]) -> Vec<KeyPath> {
    fn walk(table: serde_json::Value, path: &KeyPath, keys: &mut Vec<KeyPath>) {
        match table {
            serde_json::Value::Object(table) if !table.is_empty() => {
                for (key, value) in table {
                    walk(value, &[path.as_slice(), &[key]].concat(), keys);
                }
            }
            _ => keys.push(path.clone()),
        }
    }
    let mut config = Config::default();
    if let [table, exporter, ..] = path
        && table == "exporters"
    {
        config.exporters.insert(exporter.clone(), Otlp::default());
    }
    let mut keys = Vec::new();
    walk(serde_json::to_value(config).unwrap_or_default(), &KeyPath::new(), &mut keys);
    keys
}
