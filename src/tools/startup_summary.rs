//! The line on standard error at startup: the service, and the destinations of its telemetry.

use std::fmt::Write as _;

use super::observability_tools::ObservabilityTools;
use crate::{
    config::{ExporterName, NonEmptyString, OtlpLines, Signal, key_path::key_path},
    error::Origin,
};

/// Returns a line such as `shop 1.4.2, profile production, autotelemetry.toml: traces to otlp (grpc
/// http://collector:4317); …`.
pub(super) fn startup_summary(tools: &ObservabilityTools) -> String {
    let loaded = tools.loaded();
    let config = loaded.config();
    let mut line = config.service.name.as_ref().map_or("unknown service", NonEmptyString::as_str).to_owned();
    if let Some(version) = &config.service.version {
        let _ = write!(line, " {version}");
    }
    if let Some(profile) = &config.profile {
        let _ = write!(line, ", profile {profile}");
    }
    let _ = match &loaded.file {
        Some(file) if loaded.file_format.is_some() => {
            write!(line, ", {} (variables are not merged): ", file.display())
        }
        Some(file) => write!(line, ", {}: ", file.display()),
        None => write!(line, ", no file: "),
    };
    if config.disabled {
        line.push_str("telemetry is disabled");
        match loaded.origin(&key_path("disabled")) {
            Origin::Default => {}
            origin => drop(write!(line, " ({origin})")),
        }
        return line;
    }
    let signals = Signal::ALL.map(|signal| {
        let exporters = config.exporters(signal).iter().map(|exporter| describe(tools, signal, exporter));
        let exporters: Vec<_> = exporters.collect();
        if exporters.is_empty() {
            format!("{signal} nowhere")
        } else {
            format!("{signal} to {}", exporters.join(", "))
        }
    });
    line.push_str(&signals.join("; "));
    let without_exporters = config.signals_without_choice();
    if !without_exporters.is_empty() {
        let signals: Vec<_> = without_exporters.iter().map(|signal| signal.as_str()).collect();
        let _ = write!(
            line,
            ". To export {}, set `otlp.endpoint` (OTEL_EXPORTER_OTLP_ENDPOINT) or their `exporters` ([] for none)",
            signals.join(" and ")
        );
    }
    line
}

/// Returns the name of an exporter with its destination.
fn describe(tools: &ObservabilityTools, signal: Signal, exporter: &ExporterName) -> String {
    let loaded = tools.loaded();
    let config = loaded.config();
    if let Some(settings) = config.otlp_settings(exporter, signal) {
        return format!("{exporter} ({} {})", settings.protocol, settings.endpoint);
    }
    if let Some(OtlpLines::Files(settings)) = config.otlp_lines(exporter, signal) {
        return format!("{exporter} ({})", settings.directory);
    }
    match (exporter, tools.prometheus_address()) {
        (ExporterName::Prometheus, Some(address)) => {
            format!("{exporter} (http://{address}{})", config.prometheus.path)
        }
        (ExporterName::Prometheus, None) => format!("{exporter} (served by the program)"),
        (ExporterName::File, _) => format!("{exporter} ({})", config.file.directory),
        _ => exporter.to_string(),
    }
}
