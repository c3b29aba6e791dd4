//! `AUTOTEL_*`: the path of a key in upper case, its levels joined by a double underscore.

use std::sync::LazyLock;

use serde::Serialize;

use super::{environment::Environment, layer::Layer, layer_source::LayerSource, platform::is_service_link};
use crate::{
    config::{Config, Otlp, key_path::KeyPath, value::ParseError},
    error::{Origin, Problem},
    text::nearest,
};

const PREFIX: &str = "AUTOTEL_";

/// The maximum number of levels that are read. No key has as many.
const MAX_LEVELS: usize = 16;

/// Variables that do not set keys.
const RESERVED: &[&str] = &["AUTOTEL_CONFIG", "AUTOTEL_PROFILE"];

/// Returns the variable that sets the key at `path`.
pub(super) fn name(path: &[String]) -> String {
    format!("{PREFIX}{}", path.join("__").to_uppercase())
}

/// Returns the path of the key that a variable sets.
#[cfg(feature = "report")]
pub(super) fn key(name: &str) -> Option<KeyPath> {
    Some(name.strip_prefix(PREFIX)?.split("__").take(MAX_LEVELS + 1).map(str::to_lowercase).collect())
}

/// Returns one layer for each variable that is set.
pub(super) fn layers(environment: &Environment, problems: &mut Vec<Problem>) -> Vec<Layer> {
    for name in environment.not_unicode().iter().filter(|name| name.starts_with(PREFIX)) {
        problems.push(Problem::new("the value is not valid UTF-8").with_origin(Origin::Env(name.clone())));
    }
    let mut layers = Vec::new();
    for (name, text) in environment.starting_with(PREFIX).filter(|(name, _)| !RESERVED.contains(name)) {
        // The level beyond the maximum is enough to be unknown.
        let levels = name[PREFIX.len()..].split("__").take(MAX_LEVELS + 1);
        let path: KeyPath = levels.map(str::to_lowercase).collect();
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
    let of_exporter = exporter_variables(path);
    let known = KNOWN_VARIABLES.iter().chain(&of_exporter).map(String::as_str);
    let is_complete = path.len() <= MAX_LEVELS && !path.iter().any(String::is_empty);
    let near = if is_complete { nearest(&name(path), known) } else { None };
    ParseError::of_key(ParseError::UNKNOWN_KEY).with_help(match near {
        Some(near) => format!("did you mean {near}?"),
        None => "join levels by two underscores, for example AUTOTEL_LOGS__LEVEL".to_owned(),
    })
}

/// The variables of all keys with fixed names.
static KNOWN_VARIABLES: LazyLock<Vec<String>> =
    LazyLock::new(|| variables(Config::default(), &KeyPath::new()));

/// Returns the variables of the exporter in `path`.
fn exporter_variables(path: &[String]) -> Vec<String> {
    match path {
        [table, _, ..] if table == "exporters" => variables(Otlp::default(), &path[..2]),
        _ => Vec::new(),
    }
}

/// Returns the variables of all keys of `table`, which is at `path`.
fn variables(table: impl Serialize, path: &[String]) -> Vec<String> {
    fn walk(table: serde_json::Value, path: &[String], names: &mut Vec<String>) {
        match table {
            serde_json::Value::Object(table) if !table.is_empty() => {
                for (key, value) in table {
                    walk(value, &[path, &[key]].concat(), names);
                }
            }
            _ => names.push(name(path)),
        }
    }
    let mut names = Vec::new();
    walk(serde_json::to_value(table).unwrap_or_default(), path, &mut names);
    names
}
