//! The text of a declarative file of OpenTelemetry.

use std::fmt::Write as _;

use super::{
    answers::Answers,
    arguments::{Destination, Signal, name},
    quote,
};

/// Returns a text that sends the chosen signals to the chosen destinations. Variables that
/// platforms set replace the name and the endpoint.
pub(super) fn text(answers: &Answers) -> String {
    let service = quote(&or_variable("OTEL_SERVICE_NAME", &answers.service));
    let head = HEAD.replace("SERVICE", &service);
    let providers = [Signal::Traces, Signal::Metrics, Signal::Logs].map(|signal| provider(answers, signal));
    let providers: Vec<_> = providers.into_iter().filter(|provider| !provider.is_empty()).collect();
    format!("{head}{}", providers.join("\n"))
}

/// Returns the node of a signal; an empty text if it is not exported.
fn provider(answers: &Answers, signal: Signal) -> String {
    let mut text = String::new();
    for exporter in answers.exporters(signal) {
        if text.is_empty() {
            text.push_str(match signal {
                Signal::Traces => TRACER_PROVIDER,
                Signal::Metrics => "meter_provider:\n  readers:\n",
                Signal::Logs => "logger_provider:\n  processors:\n",
            });
        }
        let kind = match (signal, exporter) {
            (Signal::Metrics, Destination::Prometheus) => "pull",
            (Signal::Metrics, _) => "periodic",
            (_, Destination::Otlp) => "batch",
            _ => "simple",
        };
        let _ = writeln!(text, "    - {kind}:\n        exporter:");
        text.push_str(&self::exporter(answers, signal, exporter));
    }
    text
}

fn exporter(answers: &Answers, signal: Signal, exporter: Destination) -> String {
    match exporter {
        Destination::Console => "          console:\n".to_owned(),
        Destination::Prometheus => "          prometheus/development:\n".to_owned(),
        Destination::Otlp => {
            let is_grpc = answers.protocol == "grpc";
            let endpoint =
                or_variable("OTEL_EXPORTER_OTLP_ENDPOINT", answers.endpoint().trim_end_matches('/'));
            let path = if is_grpc { String::new() } else { format!("/v1/{}", name(&signal)) };
            let kind = if is_grpc { "otlp_grpc" } else { "otlp_http" };
            let endpoint = quote(&(endpoint + &path));
            let is_json = answers.protocol == "http/json";
            let encoding = if is_json { "            encoding: json\n" } else { "" };
            format!("          {kind}:\n            endpoint: {endpoint}\n{encoding}")
        }
    }
}

/// Returns a reference to a variable with a default, unless the default contains references.
fn or_variable(name: &str, default: &str) -> String {
    if default.contains(['$', '}']) { default.to_owned() } else { format!("${{{name}:-{default}}}") }
}

const HEAD: &str = r#"# yaml-language-server: $schema=https://raw.githubusercontent.com/open-telemetry/opentelemetry-configuration/main/opentelemetry_configuration.json
#
# The telemetry of a service, for all languages. The variable OTEL_CONFIG_FILE names this file.
# Other variables have no effect, unless this file refers to them: ${NAME} or ${NAME:-default}.
file_format: "1.1"

resource:
  # The variables that the OpenTelemetry operator for Kubernetes sets.
  attributes_list: ${OTEL_RESOURCE_ATTRIBUTES}
  attributes:
    - name: service.name
      value: SERVICE
  # Attributes of this machine. Names with "/development" may change in later versions.
  detection/development:
    detectors:
      - host:
      - process:
      - container:

# Without this node, trace context is not passed on.
propagator:
  composite:
    - tracecontext:
    - baggage:

# Without a provider, its signal is not exported.
"#;

const TRACER_PROVIDER: &str = "\
tracer_provider:
  sampler:
    # Follow the caller. Without one, keep all traces.
    parent_based:
      root:
        always_on:
  processors:
";
