//! Tables without an effect.

use std::collections::{BTreeSet, HashSet};

use crate::config::{Config, ExporterName, Signal};

/// The built-in exporters, each with its table.
const TABLES: [(&str, &[&str]); 5] = [
    ("console", &["console"]),
    ("file", &["file"]),
    ("otlp", &["otlp"]),
    ("otlp_file", &["otlp_file", "otlp/stdout"]),
    ("prometheus", &["prometheus"]),
];

/// Returns the tables of the `set` keys whose exporter no signal uses.
pub(super) fn unused_tables<'k>(config: &Config, set: impl Iterator<Item = &'k str>) -> Vec<String> {
    if config.disabled {
        return Vec::new();
    }
    let listed = |signal: Signal| {
        let names = config.exporters(signal).iter().map(ExporterName::as_str);
        names.collect::<HashSet<&str>>()
    };
    let uses = |signal: Signal, names: &[&str]| names.iter().any(|name| listed(signal).contains(name));
    let mut unused = BTreeSet::new();
    for key in set {
        let segments: Vec<&str> = key.split('.').collect();
        let (table, names, signal) = match segments.as_slice() {
            ["exporters", name, rest @ ..] => (format!("exporters.{name}"), vec![*name], rest.first()),
            [table, rest @ ..] => match TABLES.iter().find(|(other, _)| other == table) {
                Some((table, names)) => ((*table).to_owned(), names.to_vec(), rest.first()),
                None => continue,
            },
            [] => continue,
        };
        let signal = signal.and_then(|name| Signal::ALL.into_iter().find(|it| it.as_str() == *name));
        if !Signal::ALL.into_iter().any(|signal| uses(signal, &names)) {
            unused.insert(table);
        } else if let Some(signal) = signal.filter(|signal| !uses(*signal, &names)) {
            unused.insert(format!("{table}.{signal}"));
        }
    }
    unused.into_iter().collect()
}
