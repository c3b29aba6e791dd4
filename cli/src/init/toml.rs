//! The text of `autotelemetry.toml`.

use std::fmt::Write as _;

use super::{
    answers::Answers,
    arguments::{Destination, Signal, name},
    quote,
};

/// Returns the least text that sets what was chosen; the other keys have their defaults.
pub(super) fn text(answers: &Answers, has_schema: bool) -> String {
    let mut text = head(has_schema);
    let service = quote(&answers.service);
    if let Some(template) = answers.template {
        text.push_str(&template.text().replace("SERVICE", &service));
        return text;
    }
    let _ = writeln!(text, "[service]\nname = {service}");
    if answers.uses_otlp() {
        text.push_str("\n[otlp]\n");
        if answers.protocol != "http/protobuf" {
            let _ = writeln!(text, "protocol = {}", quote(&answers.protocol));
        }
        let _ = writeln!(text, "endpoint = {}", quote(answers.endpoint()));
    }
    for signal in [Signal::Traces, Signal::Metrics, Signal::Logs] {
        let exporters = answers.exporters(signal);
        if exporters != default_exporters(signal, answers.uses_otlp()) {
            let names: Vec<_> = exporters.iter().map(|exporter| quote(&name(exporter))).collect();
            let _ = writeln!(text, "\n[{}]\nexporters = [{}]", name(&signal), names.join(", "));
        }
    }
    text
}

/// Returns the exporters of a signal whose key is not set.
fn default_exporters(signal: Signal, has_endpoint: bool) -> Vec<Destination> {
    let console = Some(Destination::Console).filter(|_| signal == Signal::Logs);
    console.into_iter().chain(Some(Destination::Otlp).filter(|_| has_endpoint)).collect()
}

fn head(has_schema: bool) -> String {
    let head = "\
# `autotelemetry check` lists mistakes, `autotelemetry explain` shows every value and its origin.
# Variables (OTEL_*, AUTOTEL_*) override this file.
";
    let schema = "#:schema ./autotelemetry.schema.json\n";
    if has_schema {
        format!("{schema}{head}\n")
    } else {
        format!(
            "{head}# For completion in an editor, run `autotelemetry schema > autotelemetry.schema.json` and\n\
             # make this the first line:\n# {schema}\n"
        )
    }
}
