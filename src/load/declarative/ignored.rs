//! Sources of values that a declarative file replaces.

use std::collections::BTreeSet;

use crate::load::{
    environment::Environment,
    platform::{is_foreign, is_service_link},
};

/// Variables that name the file.
const OF_FILE: [&str; 3] = ["OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE", "AUTOTEL_CONFIG"];

/// Returns the names of variables that are set, and that configure telemetry only without the file.
pub(super) fn variables(environment: &Environment, referenced: &BTreeSet<String>) -> Vec<String> {
    let all = ["OTEL_", "AUTOTEL_", "RUST_LOG"].map(|prefix| environment.starting_with(prefix));
    let names = all.into_iter().flatten().filter(|(name, value)| {
        !OF_FILE.contains(name)
            && !referenced.contains(*name)
            && (!name.starts_with("RUST_LOG") || *name == "RUST_LOG")
            && !is_foreign(name)
            && !is_service_link(name, value)
    });
    names.map(|(name, _)| name.to_owned()).collect()
}
