//! `AUTOTEL_*`: the key's path in capitals, its levels joined by a double underscore.

use super::{
    environment::Environment,
    layer::{Layer, LayerSource},
};
use crate::{
    config::{Config, key_path::KeyPath, value::ParseError},
    error::{Origin, Problem},
    text::nearest,
};

const PREFIX: &str = "AUTOTEL_";

/// Variables that are not keys.
const RESERVED: &[&str] = &["AUTOTEL_CONFIG", "AUTOTEL_PROFILE"];

/// Returns the variable that sets the key at `path`.
pub(super) fn name(path: &[String]) -> String {
    format!("{PREFIX}{}", path.join("__").to_uppercase())
}

/// Returns one layer for each variable that is set.
pub(super) fn layers(environment: &Environment, problems: &mut Vec<Problem>) -> Vec<Layer> {
    for name in environment.not_unicode().iter().filter(|name| name.starts_with(PREFIX)) {
        problems.push(Problem::new("the value is not UTF-8").with_origin(Origin::Env(name.clone())));
    }
    let mut layers = Vec::new();
    for (name, text) in environment.starting_with(PREFIX).filter(|(name, _)| !RESERVED.contains(name)) {
        let path: KeyPath = name[PREFIX.len()..].split("__").map(str::to_lowercase).collect();
        let source = LayerSource::Env(name.to_owned());
        match Layer::from_text::<Config>(source, &path, text, |error| propose_variable(error, &path)) {
            Ok(layer) => layers.push(layer),
            Err(problem) => problems.push(problem),
        }
    }
    layers
}

/// Proposes the whole name of a variable instead of a key alone.
fn propose_variable(error: ParseError, path: &[String]) -> ParseError {
    if error.message != "unknown key" {
        return error;
    }
    if path.iter().any(String::is_empty) {
        return ParseError::of_key("unknown key").with_help("levels are joined by two underscores");
    }
    if path[0] == "profiles" {
        return ParseError::of_key("profiles are set in the file alone")
            .with_help("AUTOTEL_PROFILE chooses one");
    }
    let near_key =
        error.help.as_deref().and_then(|help| help.strip_prefix("did you mean `")?.strip_suffix("`?"));
    if let ([first, _, .., last], Some(near)) = (path, near_key)
        && first == "exporters"
    {
        // Their names are free, so the whole name of the variable is not among the known ones.
        let meant = name(path).to_uppercase().replace(&last.to_uppercase(), &near.to_uppercase());
        return ParseError::of_key("unknown key").with_help(format!("did you mean {meant}?"));
    }
    let known: Vec<String> = keys().iter().map(|path| name(path)).collect();
    match nearest(&name(path), known.iter().map(String::as_str)) {
        Some(near) => ParseError::of_key("unknown key").with_help(format!("did you mean {near}?")),
        None => ParseError::of_key("unknown key").with_help("levels are joined by two underscores"),
    }
}

/// Returns the paths of all keys whose names are fixed.
fn keys() -> Vec<KeyPath> {
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
    let mut keys = Vec::new();
    walk(serde_json::to_value(Config::default()).unwrap_or_default(), &KeyPath::new(), &mut keys);
    keys
}
