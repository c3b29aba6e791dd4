//! Rules that concern several keys, checked on the merged configuration before anything is built.

use super::{
    Config, Endpoint, ExporterRef, OtlpProtocol, Resource, Signal, Temporality,
    text::{nearest, quoted_list},
};

/// A rule that is broken.
#[derive(Debug)]
pub(crate) struct Violation {
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

/// A key as its segments, since a segment may hold dots.
pub(crate) type KeyPath = Vec<String>;

pub(crate) fn key_path(dotted: &str) -> KeyPath {
    dotted.split('.').map(str::to_owned).collect()
}

impl Violation {
    fn error(keys: &[&str], message: impl Into<String>) -> Self {
        let keys = keys.iter().map(|key| key_path(key)).collect();
        Self { keys, entry: None, message: message.into(), help: None, severity: Severity::Error }
    }

    fn warning(keys: &[&str], message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(keys, message) }
    }

    fn entry(mut self, entry: &str) -> Self {
        self.entry = Some(entry.to_owned());
        self
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Everything that is wrong with `config` as a whole.
pub(crate) fn validate(config: &Config) -> Vec<Violation> {
    let mut found = Vec::new();
    service(config, &mut found);
    batches(config, &mut found);
    exporters(config, &mut found);
    destinations(config, &mut found);
    metrics(config, &mut found);
    sampler(config, &mut found);
    found
}

fn service(config: &Config, found: &mut Vec<Violation>) {
    if config.service.name.is_none() && !config.disabled {
        found.push(
            Violation::error(&["service.name"], "is required and set nowhere")
                .help("write `name = \"…\"` below [service], or set OTEL_SERVICE_NAME"),
        );
    }
    for (attribute, key) in Resource::SERVICE_KEYS {
        if config.resource.attributes.contains_key(attribute) {
            let mut violation =
                Violation::error(&[], "has a key of its own").help(format!("set `service.{key}` instead"));
            violation.keys = vec![vec!["resource".into(), "attributes".into(), attribute.into()]];
            found.push(violation);
        }
    }
}

fn batches(config: &Config, found: &mut Vec<Violation>) {
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
            found.push(Violation::error(&[&batch_key, &queue_key], message));
        }
    }
}

fn exporters(config: &Config, found: &mut Vec<Violation>) {
    for name in config.exporters.keys() {
        let well_formed = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        let key = format!("exporters.{name}");
        if ExporterRef::RESERVED.contains(&name.as_str()) {
            found.push(
                Violation::error(&[&key], "is the name of a built-in exporter").help("choose another name"),
            );
        } else if !well_formed {
            let message = "a name consists of a-z, 0-9 and _ and begins with a letter";
            let mut violation = Violation::error(&[], message);
            violation.keys = vec![vec!["exporters".into(), name.clone()]];
            found.push(violation);
        }
    }
    for (name, otlp) in &config.exporters {
        let used: Vec<_> = Signal::ALL
            .into_iter()
            .filter(|signal| config.exporters(*signal).iter().any(|exporter| exporter.as_str() == name))
            .collect();
        let key = format!("exporters.{name}");
        if used.is_empty() && !config.disabled {
            found.push(Violation::warning(&[&key], "is used by no signal").help(format!(
                "add \"{name}\" to `traces.exporters`, `metrics.exporters` or `logs.exporters`"
            )));
        }
        // Unlike `otlp`, which is at localhost by custom, it can be anywhere.
        if let Some(signal) = used.into_iter().find(|signal| !otlp.has_endpoint(*signal)) {
            let message = format!("is required, since {signal} go there");
            found.push(Violation::error(&[&format!("{key}.endpoint")], message));
        }
    }
    for signal in Signal::ALL {
        let key = format!("{signal}.exporters");
        for exporter in config.exporters(signal) {
            let name = exporter.as_str();
            let built_in = ExporterRef::built_in(signal);
            if !built_in.contains(&name) && !config.exporters.contains_key(name) {
                let message = if exporter == &ExporterRef::Prometheus {
                    format!("\"prometheus\" takes metrics only, not {signal}")
                } else {
                    format!("there is no exporter \"{name}\" for {signal}")
                };
                let known: Vec<_> =
                    built_in.iter().copied().chain(config.exporters.keys().map(String::as_str)).collect();
                let help = match nearest(name, known.iter().copied()) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("known: {}", quoted_list(&known)),
                };
                found.push(Violation::error(&[&key], message).entry(name).help(help));
            }
            if exporter == &ExporterRef::Prometheus && !cfg!(feature = "prometheus") {
                found.push(compiled_out(&key, "prometheus").entry(name));
            }
        }
    }
}

fn compiled_out(key: &str, feature: &str) -> Violation {
    Violation::error(&[key], format!("needs the feature `{feature}`, which this binary was built without"))
        .help(format!("enable the feature `{feature}` of autotelemetry"))
}

/// The rules for each destination that is really used.
fn destinations(config: &Config, found: &mut Vec<Violation>) {
    for signal in Signal::ALL {
        for exporter in config.exporters(signal) {
            let Some(settings) = config.otlp_settings(exporter, signal) else { continue };
            let table = match exporter {
                ExporterRef::Named(name) => format!("exporters.{name}"),
                _ => "otlp".to_owned(),
            };
            let (Some(otlp), own) = (match exporter {
                ExporterRef::Named(name) => (config.exporters.get(name), format!("{table}.{signal}")),
                _ => (Some(&config.otlp), format!("{table}.{signal}")),
            }) else {
                continue;
            };
            let table_of = |set_for_signal: bool| if set_for_signal { &own } else { &table };
            let endpoint_key = format!("{}.endpoint", table_of(otlp.signal(signal).endpoint.is_some()));
            let protocol_key = format!("{}.protocol", table_of(otlp.signal(signal).protocol.is_some()));
            let grpc = settings.protocol == OtlpProtocol::Grpc;

            if grpc && !cfg!(feature = "grpc") {
                found.push(compiled_out(&protocol_key, "grpc"));
            }
            if settings.endpoint.is_https() && !cfg!(feature = "tls") {
                found.push(compiled_out(&endpoint_key, "tls"));
            }
            if grpc && settings.endpoint.has_path() {
                let message = format!("the path of {} is not used by grpc", settings.endpoint);
                found.push(Violation::warning(&[&endpoint_key], message));
            }
            let written = otlp.signal(signal).endpoint.as_ref().or(otlp.endpoint.as_ref());
            if !grpc && written.is_some_and(|written| !written.has_scheme()) {
                let written = written.map(ToString::to_string).unwrap_or_default();
                let message = format!("\"{written}\" has no scheme, which {} needs", settings.protocol);
                let help = format!(
                    "write \"http://{written}\" or \"https://{written}\", or use the protocol \"grpc\""
                );
                found.push(Violation::error(&[&endpoint_key], message).help(help));
                continue;
            }
            let insecure_key =
                format!("{}.tls.insecure", table_of(otlp.signal(signal).tls.insecure.is_some()));
            if settings.insecure && (!grpc || written.is_none_or(Endpoint::has_scheme)) {
                let message = "has no effect: it is for grpc endpoints that are written without a scheme";
                found.push(Violation::warning(&[&insecure_key], message));
            }
            let path = settings.endpoint.uri().path().trim_end_matches('/');
            let general_path_names_a_signal = !grpc
                && otlp.signal(signal).endpoint.is_none()
                && Signal::ALL.iter().any(|other| path.ends_with(&format!("v1/{other}/v1/{signal}")));
            if general_path_names_a_signal {
                let message = format!("v1/{signal} is appended to the path, which names a signal already");
                found.push(
                    Violation::warning(&[&endpoint_key], message)
                        .help("leave the path away, or set it for one signal"),
                );
            }
            if !grpc && otlp.signal(signal).endpoint.is_some() && !settings.endpoint.has_path() {
                let message = "has no path, and none is appended to the endpoint of one signal";
                let help = format!("the usual one is {}/v1/{signal}", settings.endpoint);
                found.push(Violation::warning(&[&endpoint_key], message).help(help));
            }
            let other = if grpc { OtlpProtocol::HttpProtobuf } else { OtlpProtocol::Grpc };
            if settings.endpoint.port() == other.default_port() {
                let message = format!(
                    "port {} is the usual one of {other}, but the protocol is {}",
                    settings.endpoint.port(),
                    settings.protocol
                );
                let help = format!("set `{protocol_key}`, or the port {}", settings.protocol.default_port());
                found.push(Violation::warning(&[&endpoint_key], message).help(help));
            }
        }
    }
    // Three signals that share a destination share its faults.
    let mut seen: Vec<(Vec<KeyPath>, String)> = Vec::new();
    found.retain(|violation| {
        let identity = (violation.keys.clone(), violation.message.clone());
        let new = !seen.contains(&identity);
        seen.push(identity);
        new
    });
}

fn metrics(config: &Config, found: &mut Vec<Violation>) {
    let exporters = config.exporters(Signal::Metrics);
    let pushes = exporters.iter().any(|exporter| exporter != &ExporterRef::Prometheus);
    if pushes
        && exporters.contains(&ExporterRef::Prometheus)
        && config.metrics.temporality != Temporality::Cumulative
    {
        found.push(
            Violation::warning(
                &["metrics.temporality"],
                format!(
                    "\"{}\" beside the exporter \"prometheus\": the OpenTelemetry SDK reports observable instruments wrongly",
                    config.metrics.temporality
                ),
            )
            .help("use \"cumulative\", or one of the two kinds of exporters"),
        );
    }
}

fn sampler(config: &Config, found: &mut Vec<Violation>) {
    if config.traces.sampler_arg.is_some() && !config.traces.sampler.takes_ratio() {
        found.push(
            Violation::warning(
                &["traces.sampler_arg"],
                format!("has no effect on the sampler \"{}\"", config.traces.sampler),
            )
            .help("it belongs to \"traceidratio\" and \"parentbased_traceidratio\""),
        );
    }
}
