//! Rules that concern several keys, checked on the merged configuration before anything is built.

mod destination;

use self::destination::Destination;
#[cfg(feature = "tls")]
pub(crate) use self::destination::KeyedTlsFiles;
use super::{
    Config, ExporterName, Resource, Signal, Temporality,
    key_path::{KeyPath, key_path},
};
use crate::text::{nearest, quoted_list};

/// A rule that is broken.
#[derive(Debug)]
pub(crate) struct RuleViolation {
    /// The keys whose values do not go together; the first one is shown.
    pub(crate) keys: Vec<KeyPath>,
    /// The entry of a list that alone is at fault.
    pub(crate) entry: Option<String>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    pub(crate) severity: Severity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    Error,
    Warning,
}

impl RuleViolation {
    fn error(keys: &[&str], message: impl Into<String>) -> Self {
        Self::of(keys.iter().map(|key| key_path(key)).collect(), message)
    }

    /// For keys with segments that may hold dots.
    fn of(keys: Vec<KeyPath>, message: impl Into<String>) -> Self {
        Self { keys, entry: None, message: message.into(), help: None, severity: Severity::Error }
    }

    fn warning(keys: &[&str], message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(keys, message) }
    }

    fn entry(mut self, entry: &str) -> Self {
        self.entry = Some(entry.to_owned());
        self
    }

    fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Everything that is wrong with `config` as a whole.
pub(crate) fn validate(config: &Config) -> Vec<RuleViolation> {
    let mut found = Vec::new();
    service(config, &mut found);
    batches(config, &mut found);
    exporters(config, &mut found);
    levels(config, &mut found);
    destinations(config, &mut found);
    metrics(config, &mut found);
    sampler(config, &mut found);
    found
}

fn service(config: &Config, found: &mut Vec<RuleViolation>) {
    if config.service.name.is_none() && !config.disabled {
        found.push(
            RuleViolation::error(&["service.name"], "is required and set nowhere")
                .with_help("write `name = \"…\"` below [service], or set OTEL_SERVICE_NAME"),
        );
    }
    for (attribute, key) in Resource::SERVICE_KEYS {
        if config.resource.attributes.contains_key(attribute) {
            let path = vec!["resource".into(), "attributes".into(), attribute.into()];
            found.push(
                RuleViolation::of(vec![path], "has a key of its own")
                    .with_help(format!("set `service.{key}` instead")),
            );
        }
    }
}

fn batches(config: &Config, found: &mut Vec<RuleViolation>) {
    let (traces, logs) = (&config.traces.batch, &config.logs.batch);
    for (signal, batch, queue) in [
        (Signal::Traces, traces.max_export_batch_size, traces.max_queue_size),
        (Signal::Logs, logs.max_export_batch_size, logs.max_queue_size),
    ] {
        if let Some(batch) = batch.filter(|batch| batch.get() > queue.get()) {
            let (batch_key, queue_key) =
                (format!("{signal}.batch.max_export_batch_size"), format!("{signal}.batch.max_queue_size"));
            let message =
                format!("{} is more than the queue holds ({queue_key} = {})", batch.get(), queue.get());
            found.push(RuleViolation::error(&[&batch_key, &queue_key], message));
        }
    }
}

fn exporters(config: &Config, found: &mut Vec<RuleViolation>) {
    for name in config.exporters.keys() {
        let well_formed = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        let key = format!("exporters.{name}");
        if ExporterName::RESERVED.contains(&name.as_str()) {
            found.push(
                RuleViolation::error(&[&key], "is the name of a built-in exporter")
                    .with_help("choose another name"),
            );
        } else if !well_formed {
            let message = "a name consists of a-z, 0-9 and _ and begins with a letter";
            found.push(RuleViolation::of(vec![vec!["exporters".into(), name.clone()]], message));
        }
    }
    for (name, otlp) in &config.exporters {
        let used: Vec<_> = Signal::ALL
            .into_iter()
            .filter(|signal| config.exporters(*signal).iter().any(|exporter| exporter.as_str() == name))
            .collect();
        let key = format!("exporters.{name}");
        if used.is_empty() && !config.disabled {
            found.push(RuleViolation::warning(&[&key], "is used by no signal").with_help(format!(
                "add \"{name}\" to `traces.exporters`, `metrics.exporters` or `logs.exporters`"
            )));
        }
        // Unlike `otlp`, which is at localhost by custom, it can be anywhere.
        for signal in used.into_iter().filter(|signal| !otlp.has_endpoint(*signal)) {
            let message = format!("the exporter \"{name}\" has no endpoint");
            let violation = RuleViolation::error(&[&format!("{signal}.exporters")], message).entry(name);
            found.push(violation.with_help(format!("set `{key}.endpoint`")));
        }
    }
    for signal in Signal::ALL {
        let key = format!("{signal}.exporters");
        for exporter in config.exporters(signal) {
            let name = exporter.as_str();
            let built_in = ExporterName::built_in(signal);
            if !built_in.contains(&name) && !config.exporters.contains_key(name) {
                let message = match exporter {
                    ExporterName::Prometheus => format!("\"prometheus\" takes metrics only, not {signal}"),
                    ExporterName::File => format!("\"file\" takes logs only, not {signal}"),
                    _ => format!("there is no exporter \"{name}\" for {signal}"),
                };
                let help = known_exporters(config, signal, name);
                found.push(RuleViolation::error(&[&key], message).entry(name).with_help(help));
            }
            if exporter == &ExporterName::Prometheus && !cfg!(feature = "prometheus") {
                found.push(compiled_out(&key, "prometheus").entry(name));
            }
        }
    }
}

/// What to write instead of `name`.
fn known_exporters(config: &Config, signal: Signal, name: &str) -> String {
    let built_in = ExporterName::built_in(signal).iter().copied();
    let known: Vec<_> = built_in.chain(config.exporters.keys().map(String::as_str)).collect();
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("known: {}", quoted_list(&known)),
    }
}

/// The names below `logs.levels` are those of exporters. One that is not used now may be in another profile.
fn levels(config: &Config, found: &mut Vec<RuleViolation>) {
    for name in config.logs.levels.keys() {
        if !ExporterName::built_in(Signal::Logs).contains(&name.as_str())
            && !config.exporters.contains_key(name)
        {
            let path = vec!["logs".into(), "levels".into(), name.clone()];
            let message = format!("there is no exporter \"{name}\" for logs");
            found.push(RuleViolation::of(vec![path], message).with_help(known_exporters(
                config,
                Signal::Logs,
                name,
            )));
        }
    }
}

fn compiled_out(key: &str, feature: &str) -> RuleViolation {
    RuleViolation::error(
        &[key],
        format!("needs the feature `{feature}`, which this binary was built without"),
    )
    .with_help(format!("enable the feature `{feature}` of autotelemetry"))
}

/// The rules for each destination that is really used.
fn destinations(config: &Config, found: &mut Vec<RuleViolation>) {
    let mut of_destinations = Vec::new();
    used_destinations(config).for_each(|destination| destination.check(&mut of_destinations));
    // Signals that share a destination share its faults.
    for violation in of_destinations {
        let is_same =
            |other: &RuleViolation| other.keys == violation.keys && other.message == violation.message;
        if !found.iter().any(is_same) {
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

/// The files that the connections to each destination are encrypted with.
#[cfg(feature = "tls")]
pub(crate) fn tls_files(config: &Config) -> Vec<KeyedTlsFiles> {
    used_destinations(config).filter_map(|destination| destination.tls_files()).collect()
}

fn metrics(config: &Config, found: &mut Vec<RuleViolation>) {
    let exporters = config.exporters(Signal::Metrics);
    let pushes = exporters.iter().any(|exporter| exporter != &ExporterName::Prometheus);
    if pushes
        && exporters.contains(&ExporterName::Prometheus)
        && config.metrics.temporality != Temporality::Cumulative
    {
        found.push(
            RuleViolation::error(
                &["metrics.temporality"],
                format!(
                    "\"{}\" is not possible beside the exporter \"prometheus\": it is always cumulative, and all exporters share one collection",
                    config.metrics.temporality
                ),
            )
            .with_help("use \"cumulative\", or take \"prometheus\" or the others out of `metrics.exporters`"),
        );
    }
}

fn sampler(config: &Config, found: &mut Vec<RuleViolation>) {
    if config.traces.sampler_arg.is_some() && !config.traces.sampler.takes_ratio() {
        found.push(
            RuleViolation::warning(
                &["traces.sampler_arg"],
                format!("has no effect on the sampler \"{}\"", config.traces.sampler),
            )
            .with_help("it belongs to \"traceidratio\" and \"parentbased_traceidratio\""),
        );
    }
}
