//! The names of parts that the program adds in code.

use super::signal::Signal;

/// The names of the program's own parts, which the configuration may use.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registered {
    /// The exporters, each with the signal that it accepts.
    exporters: Vec<(Signal, String)>,
    pub(crate) samplers: Vec<String>,
    pub(crate) propagators: Vec<String>,
    pub(crate) detectors: Vec<String>,
}

impl Registered {
    pub(crate) fn add_exporter(&mut self, signal: Signal, name: &str) {
        self.exporters.push((signal, name.to_owned()));
    }

    /// Returns whether an exporter of this name accepts the signal.
    #[must_use]
    pub(crate) fn has_exporter(&self, signal: Signal, name: &str) -> bool {
        self.exporter_names(signal).any(|other| other == name)
    }

    /// Returns the names of the exporters that accept a signal.
    pub(crate) fn exporter_names(&self, signal: Signal) -> impl Iterator<Item = &str> {
        self.exporters.iter().filter(move |(of, _)| *of == signal).map(|(_, name)| name.as_str())
    }

    /// Returns all exporters.
    pub(crate) fn exporters(&self) -> impl Iterator<Item = (Signal, &str)> {
        self.exporters.iter().map(|(signal, name)| (*signal, name.as_str()))
    }
}
