//! The line that a program begins with: what it runs as, and where its telemetry goes.

use std::fmt::Write as _;

use super::ObservabilityTools;
use crate::{
    config::{ExporterName, NonEmptyString, Signal, key_path::key_path},
    error::Origin,
};

/// `shop 1.4.2, profile production, autotelemetry.toml: traces to otlp (grpc http://collector:4317); …`
pub(super) fn startup_summary(tools: &ObservabilityTools) -> String {
    let config = tools.config();
    let mut line = config.service.name.as_ref().map_or("unknown service", NonEmptyString::as_str).to_owned();
    if let Some(version) = &config.service.version {
        let _ = write!(line, " {version}");
    }
    if let Some(profile) = &config.profile {
        let _ = write!(line, ", profile {profile}");
    }
    let _ = match &tools.loaded.file {
        Some(file) => write!(line, ", {}: ", file.display()),
        None => write!(line, ", no file: "),
    };
    if config.disabled {
        line.push_str("disabled, there is no telemetry");
        match tools.loaded.origin(&key_path("disabled")) {
            Origin::Default => {}
            origin => drop(write!(line, " ({origin})")),
        }
        return line;
    }
    let signals = Signal::ALL.map(|signal| {
        let places: Vec<_> =
            config.exporters(signal).iter().map(|exporter| place(tools, signal, exporter)).collect();
        if places.is_empty() {
            format!("{signal} nowhere")
        } else {
            format!("{signal} to {}", places.join(", "))
        }
    });
    line.push_str(&signals.join("; "));
    let nowhere = config.signals_without_choice();
    if !nowhere.is_empty() {
        let names: Vec<_> = nowhere.iter().map(|signal| signal.as_str()).collect();
        let _ = write!(
            line,
            ". To export {}, set `otlp.endpoint` (OTEL_EXPORTER_OTLP_ENDPOINT) or their `exporters`, [] to mean none",
            names.join(" and ")
        );
    }
    line
}

fn place(tools: &ObservabilityTools, signal: Signal, exporter: &ExporterName) -> String {
    let config = tools.config();
    if let Some(settings) = config.otlp_settings(exporter, signal) {
        return format!("{exporter} ({} {})", settings.protocol, settings.endpoint);
    }
    match (exporter, tools.prometheus_address()) {
        (ExporterName::Prometheus, Some(address)) => {
            format!("{exporter} (http://{address}{})", config.prometheus.path)
        }
        (ExporterName::File, _) => format!("{exporter} ({})", config.file.directory),
        _ => exporter.to_string(),
    }
}
