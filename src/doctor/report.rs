//! How far one can get to each destination.

use std::{fmt, time::Duration};

use serde_json::{Value, json};

use crate::config::{OtlpProtocol, Signal, format_duration};

/// What became of one empty export of each signal to each of its OTLP destinations.
///
/// See [`ObservabilityTools::probe`](crate::ObservabilityTools::probe). `Display` writes it for people, [`to_json`](Self::to_json) for
/// machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectivityReport {
    pub(crate) results: Vec<DestinationCheck>,
}

impl ConnectivityReport {
    /// One entry for each exporter of each signal that goes over the network.
    #[must_use]
    pub fn results(&self) -> &[DestinationCheck] {
        &self.results
    }

    /// Whether every destination took what it was sent.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.results.iter().all(|result| result.failure.is_none())
    }

    /// A JSON array with one object for each result: `signal`, `exporter`, `destination`, `protocol`, `ok`, `steps` (`"ok"`, `"failed"`
    /// or null for each), `message`, `help` and `took` (a duration such as `"12ms"`).
    #[must_use]
    pub fn to_json(&self) -> String {
        format!("{:#}", self.json())
    }

    pub(crate) fn json(&self) -> Value {
        self.results.iter().map(DestinationCheck::to_json).collect()
    }
}

/// How far one signal got to one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DestinationCheck {
    /// The signal.
    pub signal: Signal,
    /// The name of the exporter, as in the signal's `exporters`.
    pub exporter: String,
    /// Where it sends to.
    pub destination: String,
    /// How it sends.
    pub protocol: OtlpProtocol,
    /// Whether TLS is one of the steps.
    pub is_encrypted: bool,
    /// How long it took.
    pub took: Duration,
    /// What went wrong; `None` when the export was taken.
    pub failure: Option<CheckFailure>,
}

/// Where the way to a destination ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckFailure {
    /// The step that failed; those before it were done.
    pub step: Step,
    /// What happened.
    pub message: String,
    /// What to try.
    pub help: Option<&'static str>,
}

impl CheckFailure {
    pub(crate) fn late(limit: Duration) -> Self {
        let message = format!("no answer within {}", format_duration(limit));
        Self { step: Step::Export, message, help: None }
    }
}

/// The steps to a destination, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Step {
    /// The name of the host becomes an address.
    Resolve,
    /// A connection is made.
    Connect,
    /// It is encrypted, and the certificates are accepted.
    Tls,
    /// An empty export is taken.
    Export,
}

impl Step {
    const ALL: [Self; 4] = [Self::Resolve, Self::Connect, Self::Tls, Self::Export];

    fn as_str(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Export => "export",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl DestinationCheck {
    /// What became of a step; `None` for one that was not tried, or is not needed.
    fn step(&self, step: Step) -> Option<bool> {
        let failed = self.failure.as_ref().map(|failure| failure.step);
        match failed {
            _ if step == Step::Tls && !self.is_encrypted && failed != Some(step) => None,
            Some(failed) if failed < step => None,
            failed => Some(failed != Some(step)),
        }
    }

    fn to_json(&self) -> Value {
        let steps = Step::ALL.map(|step| {
            let word = self.step(step).map(|good| if good { "ok" } else { "failed" });
            (step.to_string(), Value::from(word))
        });
        let failure = self.failure.as_ref();
        json!({
            "signal": self.signal.as_str(),
            "exporter": self.exporter,
            "destination": self.destination,
            "protocol": self.protocol.as_str(),
            "ok": failure.is_none(),
            "steps": Value::Object(steps.into_iter().collect()),
            "message": failure.map(|failure| &failure.message),
            "help": failure.and_then(|failure| failure.help),
            "took": format_duration(self.took),
        })
    }
}

impl fmt::Display for DestinationCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { signal, exporter, destination, protocol, .. } = self;
        write!(f, "{signal} to {exporter} ({protocol} {destination}): ")?;
        for step in Step::ALL {
            match self.step(step) {
                Some(true) => write!(f, "{step} ok, ")?,
                Some(false) => write!(f, "{step} FAILED, ")?,
                None => {}
            }
        }
        write!(f, "{}", format_duration(self.took))?;
        if let Some(CheckFailure { message, help, .. }) = &self.failure {
            write!(f, "\n    {message}")?;
            if let Some(help) = help {
                write!(f, "\n    help: {help}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for ConnectivityReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.results.is_empty() {
            return writeln!(f, "nothing to reach: no signal goes over the network");
        }
        self.results.iter().try_for_each(|result| writeln!(f, "{result}"))
    }
}
