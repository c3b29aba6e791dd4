//! Real programs that tests need, such as the OpenTelemetry Collector.
//!
//! A test that needs one begins with [`require!`](crate::require). Where a program is missing, the
//! test prints the reason and returns; with `REQUIRE_BACKENDS=1` it fails.

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
    KubernetesValidate,
    Nginx,
    Openssl,
    Prometheus,
    Promtool,
    Script,
    SystemdAnalyze,
    Taplo,
    Wrk,
}

impl Program {
    /// Returns the name of the executable, and the variable that may name another one.
    fn names(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Collector => ("otelcol", Some("OTELCOL")),
            Self::KubernetesValidate => ("kubernetes-validate", Some("KUBERNETES_VALIDATE")),
            Self::Nginx => ("nginx", None),
            Self::Openssl => ("openssl", None),
            Self::Prometheus => ("prometheus", None),
            Self::Promtool => ("promtool", None),
            Self::Script => ("script", None),
            Self::SystemdAnalyze => ("systemd-analyze", None),
            Self::Taplo => ("taplo", Some("TAPLO")),
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

/// Returns whether all programs are installed, and prints which one is not.
pub fn are_installed(programs: &[Program]) -> bool {
    let missing: Vec<_> = programs.iter().filter_map(|program| program.path().err()).collect();
    if missing.is_empty() {
        return true;
    }
    let missing = missing.join("; ");
    assert!(process::variable("REQUIRE_BACKENDS").as_deref() != Some("1"), "{missing}");
    let current = thread::current();
    // Not by a macro, whose output the test harness captures.
    let _ = writeln!(std::io::stderr(), "{}: skipped: {missing}", current.name().unwrap_or("test"));
    false
}

/// Returns from a test, with a printed reason, unless the programs are installed.
///
/// With `REQUIRE_BACKENDS=1` in the environment the test fails instead.
#[macro_export]
macro_rules! require {
    ($($program:ident),+) => {
        if !$crate::programs::are_installed(&[$($crate::programs::Program::$program),+]) {
            return;
        }
    };
}
