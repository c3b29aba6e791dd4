//! Real programs that tests need, such as the OpenTelemetry Collector.
//!
//! A test that needs one begins with [`require!`](crate::require). If a program is missing, the test
//! prints the reason and returns. With `REQUIRE_BACKENDS=1` it fails instead; with
//! `REQUIRE_BACKENDS=0` all such tests are skipped.

use std::{
    env,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use crate::process;

/// A program that does not come with Rust.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    Collector,
    Faketime,
    KubernetesValidate,
    Nginx,
    Openssl,
    /// A Python with `opentelemetry-sdk[file-configuration]` and its exporter of OTLP over HTTP.
    OpentelemetryPython,
    Prometheus,
    /// A Python with the package `prometheus-client`.
    PrometheusClient,
    Promtool,
    Script,
    SystemdAnalyze,
    Taplo,
    /// A taplo that was built with its language server.
    TaploServer,
    Wrk,
}

impl Program {
    /// Returns the name of the executable, and the variable that may name another one.
    fn names(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Collector => ("otelcol", Some("OTELCOL")),
            Self::Faketime => ("faketime", None),
            Self::KubernetesValidate => ("kubernetes-validate", Some("KUBERNETES_VALIDATE")),
            Self::Nginx => ("nginx", None),
            Self::Openssl => ("openssl", None),
            Self::OpentelemetryPython => ("opentelemetry-python", Some("OPENTELEMETRY_PYTHON")),
            Self::Prometheus => ("prometheus", None),
            Self::PrometheusClient => ("prometheus-client", Some("PROMETHEUS_CLIENT")),
            Self::Promtool => ("promtool", None),
            Self::Script => ("script", None),
            Self::SystemdAnalyze => ("systemd-analyze", None),
            Self::Taplo => ("taplo", Some("TAPLO")),
            Self::TaploServer => ("taplo-server", Some("TAPLO_SERVER")),
            Self::Wrk => ("wrk", None),
        }
    }

    /// Finds the executable: the one that the variable names, else the one on the search path.
    pub fn path(self) -> Result<PathBuf, String> {
        let (name, variable) = self.names();
        let chosen = variable.and_then(process::variable);
        let found = match &chosen {
            Some(chosen) if Path::new(chosen).components().count() > 1 => {
                Some(PathBuf::from(chosen)).filter(|path| path.is_file())
            }
            chosen => on_search_path(chosen.as_deref().unwrap_or(name)),
        };
        found.ok_or_else(|| match (chosen, variable) {
            (Some(chosen), Some(variable)) => format!("{variable} names {chosen}, which does not exist"),
            (None, Some(variable)) => format!("{name} is not installed (or set {variable})"),
            (_, None) => format!("{name} is not installed"),
        })
    }

    /// Returns a command that runs the program.
    pub fn command(self) -> Command {
        process::clean(self.path().unwrap_or_else(|reason| panic!("{reason}")))
    }
}

fn on_search_path(name: &str) -> Option<PathBuf> {
    let path = process::variable("PATH")?;
    env::split_paths(&path).map(|directory| directory.join(name)).find(|path| path.is_file())
}

/// Returns whether a test can use the programs, and prints the reason if it cannot.
pub fn are_available(programs: &[Program]) -> bool {
    let requirement = process::variable("REQUIRE_BACKENDS");
    let reason = if requirement.as_deref() == Some("0") {
        "REQUIRE_BACKENDS=0".to_owned()
    } else {
        let missing: Vec<_> = programs.iter().filter_map(|program| program.path().err()).collect();
        missing.join("; ")
    };
    if reason.is_empty() {
        return true;
    }
    assert!(requirement.as_deref() != Some("1"), "{reason}");
    print_skipped(&reason);
    false
}

/// Returns the directory that `OTEL_CONFIGURATION` names, or prints the reason why the test is
/// skipped. It contains the schema and the examples that OpenTelemetry publishes.
///
/// `REQUIRE_BACKENDS=1` does not require it: these files are no program that can be installed.
pub fn published_configuration() -> Option<PathBuf> {
    let directory = process::variable("OTEL_CONFIGURATION");
    if directory.is_none() {
        print_skipped("OTEL_CONFIGURATION does not name a copy of opentelemetry-configuration");
    }
    directory.map(PathBuf::from)
}

pub(crate) fn print_skipped(reason: &str) {
    let current = thread::current();
    // Not by a macro, whose output the test harness captures.
    let _ = writeln!(std::io::stderr(), "{}: skipped: {reason}", current.name().unwrap_or("test"));
}

/// Returns from a test, with a printed reason, if one of the programs is missing.
///
/// See [`programs`](crate::programs).
#[macro_export]
macro_rules! require {
    ($($program:ident),+) => {
        if !$crate::programs::are_available(&[$($crate::programs::Program::$program),+]) {
            return;
        }
    };
}
