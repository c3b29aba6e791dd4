//! Rules that concern several keys, checked on the merged configuration.

mod batch;
mod destination;
mod line_output;
mod own_parts;
mod redact;
mod rule_violation;
mod sampler;
mod view;

use self::destination::Destination;
#[cfg(feature = "tls")]
pub(crate) use self::destination::KeyedTlsFiles;
pub(crate) use self::rule_violation::{Culprit, RuleViolation, Severity};
use std::collections::HashSet;

use super::{
    Config, ExporterName, Prometheus, Registered, Resource, ScopeRule, Signal, Temporality,
    metrics::ExemplarFilter,
};
use crate::text::{nearest, use_one_of};

/// Returns all violations of rules in `config`. The program has `registered` parts of its own.
pub(crate) fn validate(config: &Config, registered: &Registered) -> Vec<RuleViolation> {
    let mut found = Vec::new();
    service(config, &mut found);
    batch::check(config, &mut found);
    own_parts::check(config, registered, &mut found);
    exporters(config, registered, &mut found);
    levels(config, registered, &mut found);
    destinations(config, &mut found);
    line_output::check(config, &mut found);
    redact::check(config, &mut found);
    metrics(config, &mut found);
    view::views(config, &mut found);
    view::cardinality_limits(config, &mut found);
    unused_server(config, &mut found);
    scopes(config, &mut found);
    exemplars(config, &mut found);
    sampler::check(&config.traces, registered, &mut found);
    found
}

fn service(config: &Config, found: &mut Vec<RuleViolation>) {
    if config.service.name.is_none() && !config.disabled {
        found.push(
            RuleViolation::error(&["service.name"], "is required but not set")
                .with_help("write `name = \"…\"` in [service], or set OTEL_SERVICE_NAME"),
        );
    }
    for (attribute, key) in Resource::SERVICE_KEYS {
        if config.resource.attributes.contains_key(attribute) {
            let path = vec!["resource".into(), "attributes".into(), attribute.into()];
            found.push(
                RuleViolation::of(path, "must be set in [service]")
                    .with_help(format!("set `service.{key}` instead")),
            );
        }
    }
}

fn exporters(config: &Config, registered: &Registered, found: &mut Vec<RuleViolation>) {
    for name in config.exporters.keys() {
        let key = vec!["exporters".into(), name.clone()];
        if ExporterName::reserved_names().any(|reserved| reserved == name) {
            let violation = RuleViolation::of(key, "is the name of a built-in exporter");
            found.push(violation.with_help("choose another name"));
        } else if !ExporterName::is_free_name(name) {
            let message = "a name must consist of a-z, 0-9 and _ and start with a letter";
            found.push(RuleViolation::of(key, message));
        }
    }
    let listed = Signal::ALL.map(|signal| {
        let names: HashSet<&str> = config.exporters(signal).iter().map(ExporterName::as_str).collect();
        (signal, names)
    });
    for (name, otlp) in &config.exporters {
        let used: Vec<Signal> = listed
            .iter()
            .filter(|(_, names)| names.contains(name.as_str()))
            .map(|(signal, _)| *signal)
            .collect();
        if used.is_empty() && !config.disabled {
            let violation =
                RuleViolation::of(vec!["exporters".into(), name.clone()], "is not used by any signal");
            found.push(RuleViolation { severity: Severity::Warning, ..violation }.with_help(format!(
                "add \"{name}\" to `traces.exporters`, `metrics.exporters` or `logs.exporters`"
            )));
        }
        // Unlike `otlp`, it has no default endpoint.
        for signal in used.into_iter().filter(|signal| !otlp.has_endpoint(*signal)) {
            let message = format!("the exporter \"{name}\" has no endpoint");
            let violation = RuleViolation::of_entry(&format!("{signal}.exporters"), name, message);
            found.push(violation.with_help(format!("set `exporters.{name}.endpoint`")));
        }
    }
    for signal in Signal::ALL {
        let key = format!("{signal}.exporters");
        for exporter in config.exporters(signal) {
            let name = exporter.as_str();
            let message = match exporter.built_in() {
                Some(built_in) if !built_in.signals.contains(&signal) => {
                    let accepted: Vec<_> = built_in.signals.iter().map(ToString::to_string).collect();
                    Some(format!("\"{name}\" accepts {} only, not {signal}", accepted.join(" and ")))
                }
                None => Some(format!("there is no exporter \"{name}\" for {signal}")),
                Some(_) => None,
            };
            let exists = config.exporters.contains_key(name) || registered.has_exporter(signal, name);
            if let Some(message) = message.filter(|_| !exists) {
                let help = known_exporters(config, registered, signal, name);
                found.push(RuleViolation::of_entry(&key, name, message).with_help(help));
            }
            if let Some(feature) = exporter.built_in().and_then(|built_in| built_in.missing_feature) {
                let violation = RuleViolation::compiled_out(&[], feature);
                found.push(violation.with_entry(&key, name));
            }
        }
    }
}

/// The maximum number of names in a proposal.
const MAX_PROPOSALS: usize = 20;

/// Proposes an exporter instead of `name`.
fn known_exporters(config: &Config, registered: &Registered, signal: Signal, name: &str) -> String {
    let mut known: Vec<&str> = ExporterName::built_in_names(signal).collect();
    let named = config.exporters.keys().map(String::as_str).filter(|name| ExporterName::is_free_name(name));
    known.extend(registered.exporter_names(signal));
    known.extend(named.take(MAX_PROPOSALS));
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => use_one_of(&known),
    }
}

/// Checks that the names in `logs.levels` are those of exporters. Unused exporters are allowed,
/// because another profile may use them.
fn levels(config: &Config, registered: &Registered, found: &mut Vec<RuleViolation>) {
    for name in config.logs.levels.keys() {
        let is_built_in = ExporterName::built_in_names(Signal::Logs).any(|built_in| built_in == name);
        let exists = config.exporters.contains_key(name) || registered.has_exporter(Signal::Logs, name);
        if !is_built_in && !exists {
            let path = vec!["logs".into(), "levels".into(), name.clone()];
            let message = format!("there is no exporter \"{name}\" for logs");
            found.push(RuleViolation::of(path, message).with_help(known_exporters(
                config,
                registered,
                Signal::Logs,
                name,
            )));
        }
    }
}

/// Checks each destination that is used.
fn destinations(config: &Config, found: &mut Vec<RuleViolation>) {
    let mut of_destinations = Vec::new();
    used_destinations(config).for_each(|destination| destination.check(&mut of_destinations));
    // Signals that share a destination share its violations.
    let mut seen = HashSet::new();
    for violation in of_destinations {
        let key = violation.culprits.first().map(|culprit| culprit.key.clone());
        if seen.insert((key, violation.message.clone())) {
            found.push(violation);
        }
    }
}

fn used_destinations(config: &Config) -> impl Iterator<Item = Destination<'_>> {
    Signal::ALL.into_iter().flat_map(move |signal| {
        let exporters = config.exporters(signal).iter();
        exporters.filter_map(move |exporter| Destination::new(config, exporter, signal))
    })
}

/// Returns the TLS files of each destination that is used.
#[cfg(feature = "tls")]
pub(crate) fn tls_files(config: &Config) -> Vec<KeyedTlsFiles> {
    used_destinations(config).filter_map(|destination| destination.tls_files()).collect()
}

/// Reports `lowmemory` where the sums of a collection have to be cumulative.
fn metrics(config: &Config, found: &mut Vec<RuleViolation>) {
    if config.metrics.temporality != Temporality::LowMemory {
        return;
    }
    let exporters = config.exporters(Signal::Metrics);
    let pushed: Vec<_> = exporters.iter().filter(|exporter| **exporter != ExporterName::Prometheus).collect();
    if !pushed.is_empty() && exporters.contains(&ExporterName::Prometheus) {
        let message = "\"lowmemory\" cannot be combined with the exporter \"prometheus\", whose sums are always cumulative";
        found.push(
            RuleViolation::error(&["metrics.temporality"], message)
                .with_entry("metrics.exporters", ExporterName::Prometheus.as_str())
                .with_help(
                    "use \"delta\" or \"cumulative\", or remove \"prometheus\" from `metrics.exporters`",
                ),
        );
    } else if config.has_different_intervals() {
        let message = "\"lowmemory\" cannot be combined with exporters that have different intervals";
        let keys: Vec<String> = pushed.iter().filter_map(|exporter| config.interval_key(exporter)).collect();
        let keys: Vec<&str> =
            ["metrics.temporality"].into_iter().chain(keys.iter().map(String::as_str)).collect();
        found.push(
            RuleViolation::error(&keys, message)
                .with_help("use \"delta\" or \"cumulative\", or the same `interval` for all exporters"),
        );
    }
}

/// Warns about settings of the server of the Prometheus page while the program serves the page.
fn unused_server(config: &Config, found: &mut Vec<RuleViolation>) {
    let (prometheus, default) = (&config.prometheus, Prometheus::default());
    if prometheus.listen {
        return;
    }
    for (key, is_set) in [
        ("prometheus.host", prometheus.host != default.host),
        ("prometheus.port", prometheus.port != default.port),
        ("prometheus.path", prometheus.path != default.path),
    ] {
        if is_set {
            let message = "has no effect: with `listen = false`, the program serves the page";
            let help = "remove this key, or `prometheus.listen`";
            found.push(RuleViolation::warning(&[key, "prometheus.listen"], message).with_help(help));
        }
    }
}

/// Warns about rules that never apply, because an earlier one always does, and about limits of
/// loggers that are disabled.
fn scopes(config: &Config, found: &mut Vec<RuleViolation>) {
    let names = |rules: &[ScopeRule]| rules.iter().map(|rule| rule.name.clone()).collect::<Vec<_>>();
    let of_logs = config.logs.scopes.iter().map(|rule| rule.name.clone()).collect();
    for (table, names) in [
        ("traces", names(&config.traces.scopes)),
        ("metrics", names(&config.metrics.scopes)),
        ("logs", of_logs),
    ] {
        for (index, name) in names.iter().enumerate() {
            let earlier = names[..index].iter().position(|earlier| earlier.covers(name));
            if let Some(earlier) = earlier {
                let message = format!("has no effect: {table}.scopes.{earlier} applies to all these names");
                let key = format!("{table}.scopes.{index}.name");
                let help = "put the more specific rule first";
                found.push(RuleViolation::warning(&[&key], message).with_help(help));
            }
        }
    }
    for (index, rule) in config.logs.scopes.iter().enumerate().filter(|(_, rule)| !rule.enabled) {
        let keys = [("minimum_severity", rule.minimum_severity.is_some()), ("trace_based", rule.trace_based)];
        for (name, _) in keys.into_iter().filter(|(_, is_set)| *is_set) {
            let key = format!("logs.scopes.{index}.{name}");
            let message = "has no effect: the rule disables these loggers";
            found.push(RuleViolation::warning(&[&key], message).with_help("remove this key"));
        }
    }
}

fn exemplars(config: &Config, found: &mut Vec<RuleViolation>) {
    if config.metrics.exemplar_filter.is_some_and(|filter| filter != ExemplarFilter::AlwaysOff) {
        let message = "has no effect: the OpenTelemetry SDK for Rust does not record exemplars";
        found.push(RuleViolation::warning(&["metrics.exemplar_filter"], message));
    }
}
