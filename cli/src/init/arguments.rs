//! The arguments of `autotelemetry init`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Args)]
pub(crate) struct InitArguments {
    /// The file to write. Default: `autotelemetry.toml`, or `otel.yaml` with `--declarative`.
    pub(super) file: Option<PathBuf>,
    /// The name of the service. Default: the name of the current directory.
    #[arg(long, value_name = "NAME")]
    pub(super) service: Option<String>,
    /// The destinations, separated by commas. Default: `otlp`.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "DESTINATIONS")]
    pub(super) to: Vec<Destination>,
    /// The protocol of `otlp`: `http/protobuf`, `grpc` or `http/json`. Default: `http/protobuf`.
    #[arg(long)]
    pub(super) protocol: Option<String>,
    /// The endpoint of `otlp`. Default: `http://localhost:4318`, or port 4317 for grpc.
    #[arg(long, value_name = "URL")]
    pub(super) endpoint: Option<String>,
    /// The signals to export, separated by commas. Default: all that the destinations accept.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "SIGNALS")]
    pub(super) signals: Vec<Signal>,
    /// Start from a template instead.
    #[arg(long, value_enum, conflicts_with_all = ["to", "protocol", "endpoint", "signals", "declarative"])]
    pub(super) template: Option<Template>,
    /// Also write `autotelemetry.schema.json` beside the file, for completion in editors.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", conflicts_with = "declarative")]
    pub(super) schema: Option<bool>,
    /// Write a declarative file of OpenTelemetry, for `OTEL_CONFIG_FILE`.
    #[arg(long)]
    pub(super) declarative: bool,
    /// Ask nothing: use the flags and the defaults, as without a terminal.
    #[arg(long, short)]
    pub(super) yes: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Destination {
    /// All signals on the console, for development.
    Console,
    /// A Collector or a backend that accepts OTLP. Logs appear on the console, too.
    Otlp,
    /// A page of metrics that Prometheus scrapes. Logs appear on the console.
    Prometheus,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Signal {
    Traces,
    Metrics,
    Logs,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Template {
    /// A Collector on each node, metrics for Prometheus, JSON logs on standard output.
    Kubernetes,
    /// All signals to a Collector over gRPC, compressed.
    Collector,
    /// Metrics for Prometheus, also from other machines.
    Prometheus,
    /// Everything on the console during development, a Collector in production.
    Development,
}

impl Template {
    /// Returns the text of the template, in which `SERVICE` stands for the quoted name.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Kubernetes => include_str!("templates/kubernetes.toml"),
            Self::Collector => include_str!("templates/collector.toml"),
            Self::Prometheus => include_str!("templates/prometheus.toml"),
            Self::Development => include_str!("templates/development.toml"),
        }
    }
}

/// Returns the name of a value on the command line.
pub(super) fn name<T: ValueEnum>(value: &T) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// Returns the names of values, separated by commas.
pub(super) fn names<T: ValueEnum>(values: &[T]) -> String {
    values.iter().map(name).collect::<Vec<_>>().join(",")
}

/// Parses names that are separated by commas.
pub(super) fn parse_names<T: ValueEnum + PartialEq>(text: &str) -> Result<Vec<T>, String> {
    let mut values = Vec::new();
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        let value = T::from_str(word, true)
            .map_err(|_| format!("{word:?} is none of {}", names(T::value_variants())))?;
        if !values.contains(&value) {
            values.push(value);
        }
    }
    if values.is_empty() { Err(format!("choose from {}", names(T::value_variants()))) } else { Ok(values) }
}
