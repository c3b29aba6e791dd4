//! The arguments of the command line.

use std::path::{Path, PathBuf};

use autotelemetry::{Builder, ObservabilityTools};
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum, error::ErrorKind};

use crate::init::InitArguments;

/// Checks, explains and tests the telemetry configuration of a service.
#[derive(Parser)]
#[command(name = "autotelemetry", version, about, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lists all problems and warnings, each with its location. Exits with 1 if there is a problem.
    Check {
        #[command(flatten)]
        input: Input,
        /// Treat warnings as problems.
        #[arg(long)]
        strict: bool,
        /// Also show what changes if the file replaces OLD: at once in a running service, or after
        /// a restart. For the formats `text` and `short`.
        #[arg(long, value_name = "OLD")]
        replaces: Option<PathBuf>,
        /// The output format.
        #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
        format: CheckFormat,
    },
    /// Shows the effective values and their origins, with secrets masked. Exits with 1 if there is
    /// a problem.
    Explain {
        #[command(flatten)]
        input: Input,
        /// Also show the keys that have their default values.
        #[arg(long)]
        all: bool,
        /// Instead, show what changes if the file NEW replaces OLD: at once in a running service,
        /// or after a restart.
        #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], conflicts_with_all = ["file", "all"])]
        diff: Option<Vec<PathBuf>>,
        /// The output format.
        #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
        format: OutputFormat,
    },
    /// Tests each destination: name, connection, TLS, one empty export per signal. Exits with 1 if
    /// one of them cannot be reached.
    Doctor {
        #[command(flatten)]
        input: Input,
        /// The output format.
        #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
        format: OutputFormat,
    },
    /// Prints the file as a declarative one of OpenTelemetry, for `OTEL_CONFIG_FILE`. References to
    /// variables are kept; other variables have no effect. Exits with 1 if that cannot express it.
    Convert {
        #[command(flatten)]
        input: Input,
    },
    /// Prints the JSON Schema of the file, for editors.
    Schema,
    /// Writes the least file for a few answers. Asks on a terminal what no flag answers. Never
    /// overwrites a file.
    Init(Box<InitArguments>),
    /// Prints a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Args)]
pub(crate) struct Input {
    /// The file to read: TOML, or declarative if its extension is .yaml or .yml. Default: the file
    /// that the library finds from here (`OTEL_CONFIG_FILE`, `AUTOTEL_CONFIG`, beside the
    /// executable, the current directory). Variables apply as they do to the service.
    file: Option<PathBuf>,
    /// The profile to apply. Sets `AUTOTEL_PROFILE` for this command.
    #[arg(long, value_name = "NAME", value_parser = parse_profile)]
    profile: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum OutputFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum CheckFormat {
    /// Each problem with the line of the file.
    Text,
    /// One line per problem, and one for its help.
    Short,
    /// One JSON object.
    Json,
    /// A SARIF 2.1.0 log, for code scanning and editors.
    Sarif,
    /// Commands of a GitHub workflow, which annotate the lines of a change.
    Github,
}

impl Input {
    /// Returns the input of a file, without a profile.
    pub(crate) fn of_file(file: PathBuf) -> Self {
        Self { file: Some(file), profile: None }
    }

    /// Ends the program if the format of a check cannot show changes.
    pub(crate) fn check_replaces(replaces: Option<&PathBuf>, format: CheckFormat) {
        if replaces.is_some() && !matches!(format, CheckFormat::Text | CheckFormat::Short) {
            let message = "--replaces can be used with the formats `text` and `short`";
            Arguments::command().error(ErrorKind::ArgumentConflict, message).exit();
        }
    }

    /// Returns the same input for another file.
    pub(crate) fn with_file(&self, file: PathBuf) -> Self {
        Self { file: Some(file), profile: self.profile.clone() }
    }

    /// Ends the program if a profile is selected for a declarative file, which has none.
    pub(crate) fn check_use(&self) {
        let is_declarative = |file: &Path| {
            file.extension()
                .is_some_and(|it| it.eq_ignore_ascii_case("yaml") || it.eq_ignore_ascii_case("yml"))
        };
        if self.profile.is_some() && self.builder().explain().file().is_some_and(is_declarative) {
            let message = "--profile cannot be used with a declarative file, which has no profiles";
            Arguments::command().error(ErrorKind::ArgumentConflict, message).exit();
        }
    }

    /// Returns a builder that reads the file without the variables that override it. References in
    /// the file still need theirs.
    pub(crate) fn without_variables(&self) -> Builder {
        let is_kept = |name: &str| {
            let is_of_telemetry = ["OTEL_", "AUTOTEL_"].iter().any(|prefix| name.starts_with(prefix));
            name == "AUTOTEL_CONFIG" || !(is_of_telemetry || name == "RUST_LOG")
        };
        let variables = std::env::vars_os().filter(|(name, _)| name.to_str().is_none_or(is_kept));
        let profile = self.profile.iter().map(|profile| ("AUTOTEL_PROFILE".into(), profile.into()));
        let file = self.file.iter().map(|_| ("AUTOTEL_CONFIG".into(), "".into()));
        let builder = ObservabilityTools::builder().env_vars(variables.chain(file).chain(profile));
        match &self.file {
            Some(file) => builder.config_file(file),
            None => builder,
        }
    }

    /// Returns a builder that reads the file in the environment of this process. The arguments
    /// override its variables.
    pub(crate) fn builder(&self) -> Builder {
        let names = ["OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE", "AUTOTEL_CONFIG"];
        let file = names.into_iter().filter(|_| self.file.is_some()).map(|name| (name.into(), "".into()));
        let profile = self.profile.iter().map(|profile| ("AUTOTEL_PROFILE".into(), profile.into()));
        let variables = std::env::vars_os().chain(file).chain(profile);
        let builder = ObservabilityTools::builder().env_vars(variables);
        match &self.file {
            Some(file) => builder.config_file(file),
            None => builder,
        }
    }
}

/// An empty variable counts as unset, so an empty name would be ignored.
fn parse_profile(name: &str) -> Result<String, &'static str> {
    if name.trim().is_empty() { Err("the name of a profile cannot be empty") } else { Ok(name.to_owned()) }
}
