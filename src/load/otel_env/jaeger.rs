//! The argument of the sampler `jaeger_remote`.

use crate::{
    config::value::number::parse_integer,
    load::value_tree::{Table, Value},
};

/// The initial ratio if the argument has none. It is that of Jaeger.
const INITIAL_RATIO: f64 = 0.001;

/// The sampler, and the entries of its argument that mean nothing.
pub(super) struct Jaeger<'t> {
    /// `None` without an endpoint.
    pub(super) sampler: Option<Value>,
    pub(super) unknown: Vec<&'t str>,
}

/// Returns whether this name of a sampler wraps that of Jaeger in one that follows the parent;
/// `None` for all other samplers.
pub(super) fn jaeger_sampler(name: &str) -> Option<bool> {
    match name.to_ascii_lowercase().as_str() {
        "jaeger_remote" => Some(false),
        "parentbased_jaeger_remote" => Some(true),
        _ => None,
    }
}

/// Returns a table with one key.
pub(super) fn table(key: &str, value: Value) -> Value {
    Table::from([(key.to_owned(), value)]).into()
}

impl<'t> Jaeger<'t> {
    /// Parses `endpoint=…,pollingIntervalMs=…,initialSamplingRate=…`.
    pub(super) fn parse(argument: &'t str) -> Self {
        let mut keys = Table::new();
        let mut ratio = INITIAL_RATIO;
        let mut unknown = Vec::new();
        for entry in argument.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
            let value = value.trim();
            match name.trim() {
                "endpoint" if !value.is_empty() => drop(keys.insert("endpoint".to_owned(), value.into())),
                "pollingIntervalMs" => match parse_integer(value) {
                    Some(millis) => {
                        keys.insert("interval".to_owned(), format!("{millis}ms").into());
                    }
                    None => unknown.push(entry),
                },
                "initialSamplingRate" => match value.parse() {
                    Ok(number) => ratio = number,
                    Err(_) => unknown.push(entry),
                },
                _ => unknown.push(entry),
            }
        }
        let sampler = keys.contains_key("endpoint").then(|| {
            let initial = table("trace_id_ratio_based", table("ratio", ratio.into()));
            keys.insert("initial_sampler".to_owned(), initial);
            table("jaeger_remote", keys.into())
        });
        Self { sampler, unknown }
    }
}
