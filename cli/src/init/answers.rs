//! The answers, and the texts that follow from them.

use std::{io::Write as _, path::Path};

use autotelemetry::{error::Problem, explain::Explanation};

use super::{
    arguments::{Destination, Signal, Template, name},
    declarative, toml,
};
use crate::arguments::Input;

/// The content of the file to write.
#[derive(Clone)]
pub(super) struct Answers {
    pub(super) is_declarative: bool,
    pub(super) template: Option<Template>,
    pub(super) service: String,
    pub(super) destinations: Vec<Destination>,
    pub(super) protocol: String,
    /// The default of the protocol if it is not set.
    pub(super) endpoint: Option<String>,
    pub(super) signals: Vec<Signal>,
}

impl Answers {
    /// Returns the answers after a change that the library accepts, or its reason against it.
    pub(super) fn changed(&self, change: impl FnOnce(&mut Self)) -> Result<Self, String> {
        let mut answers = self.clone();
        change(&mut answers);
        for destination in &answers.destinations {
            if !answers.signals.iter().any(|signal| destination.accepts(*signal)) {
                return Err("add metrics, the only signal that prometheus accepts".to_owned());
            }
        }
        for signal in &answers.signals {
            // Without other destinations, logs go to the console.
            let has_destination = answers.destinations.iter().any(|other| other.accepts(*signal));
            if !has_destination && *signal != Signal::Logs {
                return Err(format!("{} have no destination: prometheus accepts metrics only", name(signal)));
            }
        }
        // Both kinds of files have the same values. The messages about TOML are about one key.
        for is_declarative in [false, answers.is_declarative] {
            let checked =
                answers.check(is_declarative).map_err(|error| format!("cannot check this: {error}"))?;
            if let Some(problem) = checked.errors().first() {
                return Err(reason(problem));
            }
        }
        Ok(answers)
    }

    pub(super) fn text(&self, has_schema: bool) -> String {
        if self.is_declarative { declarative::text(self) } else { toml::text(self, has_schema) }
    }

    /// Returns whether OTLP is a destination.
    pub(super) fn uses_otlp(&self) -> bool {
        self.destinations.contains(&Destination::Otlp)
    }

    pub(super) fn endpoint(&self) -> &str {
        let default = if self.protocol == "grpc" { "http://localhost:4317" } else { "http://localhost:4318" };
        self.endpoint.as_deref().unwrap_or(default)
    }

    /// Returns the exporters of a signal. The console has all logs that are exported.
    pub(super) fn exporters(&self, signal: Signal) -> Vec<Destination> {
        if !self.signals.contains(&signal) {
            return Vec::new();
        }
        let is_used = |destination: &Destination| {
            let is_chosen = self.destinations.contains(destination) && destination.accepts(signal);
            is_chosen || (signal == Signal::Logs && *destination == Destination::Console)
        };
        [Destination::Console, Destination::Otlp, Destination::Prometheus]
            .into_iter()
            .filter(is_used)
            .collect()
    }

    /// Lets the library check the text.
    fn check(&self, is_declarative: bool) -> std::io::Result<Explanation> {
        let (suffix, text) = if is_declarative {
            (".yaml", declarative::text(self))
        } else {
            (".toml", toml::text(self, true))
        };
        let mut file = tempfile::Builder::new().suffix(suffix).tempfile()?;
        file.write_all(text.as_bytes())?;
        Ok(check(file.path()))
    }
}

impl Destination {
    pub(super) fn accepts(self, signal: Signal) -> bool {
        self != Self::Prometheus || signal == Signal::Metrics
    }
}

/// Checks a file, without the variables that would override it.
pub(super) fn check(path: &Path) -> Explanation {
    Input::of_file(path.to_owned()).without_variables().check()
}

fn reason(problem: &Problem) -> String {
    match problem.help() {
        Some(help) => format!("{} ({help})", problem.message()),
        None => problem.message().to_owned(),
    }
}
