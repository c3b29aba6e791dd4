//! The rules for the names of parts that the program adds.

use std::collections::HashSet;

use super::rule_violation::RuleViolation;
use crate::config::{
    Config, DetectorName, ExporterName, OwnOr, PropagatorName, Registered, SamplerName,
    value::{ConfigValue, list::List},
};

const RULE: &str =
    "a name must consist of a-z, 0-9 and _, start with a letter and differ from all built-in names";

pub(super) fn check(config: &Config, registered: &Registered, found: &mut Vec<RuleViolation>) {
    exporters(config, registered, found);
    added::<SamplerName>("traces.sampler", "sampler", &registered.samplers, found);
    added::<PropagatorName>("propagators", "propagator", &registered.propagators, found);
    added::<DetectorName>("resource.detectors", "detector", &registered.detectors, found);
    listed("propagators", &config.propagators, &registered.propagators, found);
    listed("resource.detectors", &config.resource.detectors, &registered.detectors, found);
}

fn exporters(config: &Config, registered: &Registered, found: &mut Vec<RuleViolation>) {
    let mut seen = HashSet::new();
    for (signal, name) in registered.exporters() {
        let path = vec!["exporters".into(), name.to_owned()];
        let message = if !ExporterName::is_free_name(name) {
            format!("the program adds an exporter \"{name}\", but {RULE}")
        } else if config.exporters.contains_key(name) {
            "is also the name of an exporter that the program adds".to_owned()
        } else if !seen.insert((signal, name)) {
            format!("the program adds two exporters \"{name}\" for {signal}")
        } else {
            continue;
        };
        found.push(RuleViolation::of(path, message).with_help("choose another name"));
    }
}

/// Checks the names of parts of one kind.
fn added<T: ConfigValue>(key: &str, part: &str, names: &[String], found: &mut Vec<RuleViolation>) {
    let mut seen = HashSet::new();
    for name in names {
        let is_own = matches!(OwnOr::<T>::parse_str(name), Ok(OwnOr::Own(_)));
        let message = if name == "none" || !is_own {
            format!("the program adds a {part} \"{name}\", but {RULE}")
        } else if !seen.insert(name) {
            format!("the program adds two {part}s \"{name}\"")
        } else {
            continue;
        };
        found.push(RuleViolation::error(&[key], message).with_help("choose another name"));
    }
}

/// Checks that the program adds the parts that a list names.
fn listed<T: ConfigValue>(
    key: &str,
    list: &List<OwnOr<T>>,
    added: &[String],
    found: &mut Vec<RuleViolation>,
) {
    for entry in list.as_slice() {
        if let OwnOr::Own(name) = entry
            && !added.contains(name)
        {
            let error = OwnOr::<T>::not_added(name, added.iter().map(String::as_str));
            let violation = RuleViolation::of_entry(key, name, error.message);
            found.push(RuleViolation { help: error.help, ..violation });
        }
    }
}
