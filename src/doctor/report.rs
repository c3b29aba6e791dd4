//! The result of connectivity checks.

use std::{fmt, time::Duration};

use serde_json::{Map, Value, json};

use crate::config::{OtlpProtocol, Signal, format_duration};

/// The result of one empty export of each signal to each of its OTLP destinations.
///
/// Returned by [`ObservabilityTools::probe`](crate::ObservabilityTools::probe). `Display` formats
/// it for people, [`to_json`](Self::to_json) for machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectivityReport {
    pub(super) results: Vec<DestinationCheck>,
}

impl ConnectivityReport {
    /// Returns one entry for each OTLP exporter of each signal.
    #[must_use]
    pub fn results(&self) -> &[DestinationCheck] {
        &self.results
    }

    /// Returns `true` if every destination accepted its export.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.results.iter().all(|result| result.failure.is_none())
    }

    /// Returns a JSON array with one object for each result: `signal`, `exporter`, `destination`,
    /// `protocol`, `ok`, `steps` (`"ok"`, `"failed"` or null for each), `message`, `help` and
    /// `took` (a duration such as `"12ms"`).
    #[must_use]
    pub fn to_json(&self) -> String {
        let results: Value = self.results.iter().map(DestinationCheck::to_json).collect();
        format!("{results:#}")
    }
}

/// The check of one destination for one signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationCheck {
    pub(super) signal: Signal,
    pub(super) exporter: String,
    pub(super) destination: String,
    pub(super) protocol: OtlpProtocol,
    pub(super) is_encrypted: bool,
    pub(super) took: Duration,
    pub(super) failure: Option<CheckFailure>,
}

/// A failed check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckFailure {
    pub(super) step: Step,
    pub(super) message: String,
    pub(super) help: Option<&'static str>,
}

impl CheckFailure {
    pub(super) fn timeout(limit: Duration) -> Self {
        let message = format!("no response within {}", format_duration(limit));
        Self { step: Step::Export, message, help: None }
    }

    /// Returns the step that failed, after all previous steps succeeded.
    #[must_use]
    pub fn step(&self) -> Step {
        self.step
    }

    /// Returns the description of the failure.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns advice on how to fix the failure.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help
    }
}

/// The steps of a check, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Step {
    /// Resolve the host name.
    Resolve,
    /// Open a TCP connection, to the proxy if there is one.
    Connect,
    /// Complete the TLS handshake.
    Tls,
    /// Send an empty export and receive the response.
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
    /// Returns the signal.
    #[must_use]
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// Returns the name of the exporter, as in the signal's `exporters`.
    #[must_use]
    pub fn exporter(&self) -> &str {
        &self.exporter
    }

    /// Returns the endpoint.
    #[must_use]
    pub fn destination(&self) -> &str {
        &self.destination
    }

    /// Returns the protocol.
    #[must_use]
    pub fn protocol(&self) -> OtlpProtocol {
        self.protocol
    }

    /// Returns `true` if the connection uses TLS.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    /// Returns the duration of the check.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.took
    }

    /// Returns the failure; `None` if the destination accepted the export.
    #[must_use]
    pub fn failure(&self) -> Option<&CheckFailure> {
        self.failure.as_ref()
    }

    /// Returns `true` for a step that succeeded, `false` for one that failed, and `None` for one
    /// that was not tried or is not needed.
    fn outcome(&self, step: Step) -> Option<bool> {
        let failed = self.failure.as_ref().map(|failure| failure.step);
        match failed {
            _ if step == Step::Tls && !self.is_encrypted && failed != Some(step) => None,
            Some(failed) if failed < step => None,
            failed => Some(failed != Some(step)),
        }
    }

    fn to_json(&self) -> Value {
        let mut steps = Map::new();
        for step in Step::ALL {
            let result = self.outcome(step).map(|is_ok| if is_ok { "ok" } else { "failed" });
            steps.insert(step.to_string(), result.into());
        }
        let failure = self.failure.as_ref();
        json!({
            "signal": self.signal.as_str(),
            "exporter": self.exporter,
            "destination": self.destination,
            "protocol": self.protocol.as_str(),
            "ok": failure.is_none(),
            "steps": steps,
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
            match self.outcome(step) {
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
            return writeln!(f, "nothing to check: no signal has an OTLP exporter");
        }
        self.results.iter().try_for_each(|result| writeln!(f, "{result}"))
    }
}
