//! The command line `autotelemetry`.
//!
//! Reports go to standard output, what is wrong with the call to standard error. Exit codes: 0 fine, 1 problems, 2 the call
//! itself is wrong.

use std::{
    fmt::Write as _,
    fs::File,
    io::{ErrorKind, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use serde_json::json;

use crate::{
    doctor::{self, report::ConnectivityReport},
    error::{Origin, Problem},
    export::otlp,
    format::text::Palette,
    load::{
        Environment, Loaded, Sources,
        explain::{Explanation, problems_to_json},
    },
};

/// Checks and explains the telemetry configuration of a service.
#[derive(Parser)]
#[command(name = "autotelemetry", version, about, disable_help_subcommand = true)]
struct Call {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows every problem and warning, each with its place. Exit code 1 when there is a problem.
    Check {
        #[command(flatten)]
        input: Input,
        /// Take warnings as problems.
        #[arg(long)]
        strict: bool,
    },
    /// Shows every effective value and where it came from, secrets masked. Exit code 1 when there is a problem.
    Explain {
        #[command(flatten)]
        input: Input,
        /// For people or for machines.
        #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
        format: OutputFormat,
    },
    /// Tries each destination: name, connection, TLS, one empty export per signal. Exit code 1 when one cannot be reached.
    Doctor {
        #[command(flatten)]
        input: Input,
        /// For people or for machines.
        #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
        format: OutputFormat,
    },
    /// Prints the JSON Schema of the file, for editors.
    Schema,
    /// Writes a commented file to start from. Never over an existing one.
    Init {
        /// The file to write.
        #[arg(default_value = "autotelemetry.toml")]
        file: PathBuf,
    },
    /// Prints a script that completes this command line in a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Args)]
struct Input {
    /// The file to read. Default: the one that the library would find from here (`AUTOTEL_CONFIG`, beside the executable, the
    /// current directory). The environment counts as it does for the service.
    file: Option<PathBuf>,
    /// The profile to apply, stronger than `AUTOTEL_PROFILE`.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum OutputFormat {
    Text,
    Json,
}

impl Input {
    fn sources(self) -> Sources {
        let mut environment = Environment::from_process();
        if self.file.is_some() {
            environment.remove("AUTOTEL_CONFIG");
        }
        if self.profile.is_some() {
            environment.remove("AUTOTEL_PROFILE");
        }
        Sources {
            config_file: self.file,
            profile: self.profile.map(|name| (name, Origin::Argument("--profile"))),
            environment: Some(environment),
            ..Sources::default()
        }
    }

    /// Opens none of the files that the configuration names.
    fn explain(self) -> Explanation {
        let (loaded, problems) = self.sources().read();
        Explanation::new(&loaded, problems)
    }

    /// Looks into the files.
    fn inspect(self) -> (Loaded, Vec<Problem>) {
        self.sources().read_and_inspect(otlp::inspect)
    }
}

/// Does what the arguments of the process ask for.
#[must_use]
pub fn run() -> ExitCode {
    match Call::parse().command {
        Command::Check { input, strict } => {
            let (loaded, problems) = input.inspect();
            check(&Explanation::new(&loaded, problems), strict)
        }
        Command::Explain { input, format } => {
            let explanation = input.explain();
            let text = match format {
                OutputFormat::Text => explanation.to_string(),
                OutputFormat::Json => format!("{}\n", explanation.to_json()),
            };
            print(&text, exit_code(explanation.errors().is_empty()))
        }
        Command::Doctor { input, format } => doctor(input, format),
        Command::Schema => print(&crate::load::schema::schema(), ExitCode::SUCCESS),
        Command::Init { file } => init(&file),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Call::command(), "autotelemetry", &mut script);
            print(&String::from_utf8_lossy(&script), ExitCode::SUCCESS)
        }
    }
}

fn exit_code(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

/// Prints `text`; the exit code is `code` unless that fails. Whoever reads us may go away before the end: that is no failure.
fn print(text: &str, code: ExitCode) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let _ = writeln!(std::io::stderr(), "cannot write the output: {error}");
            ExitCode::from(1)
        }
        _ => code,
    }
}

fn check(explanation: &Explanation, strict: bool) -> ExitCode {
    let no_color = Environment::from_process().get("NO_COLOR").is_some();
    let palette = Palette::new(std::io::stdout().is_terminal() && !no_color);
    let (errors, warnings) = (explanation.errors(), explanation.warnings());
    let mut out = String::new();
    let mut list = |problems: &[Problem], color: &str, word: &str| {
        for problem in problems {
            let _ = writeln!(out, "{color}{word}{}: {problem}", palette.reset());
        }
    };
    list(errors, palette.bad(), "error");
    list(warnings, palette.warning(), if strict { "error" } else { "warning" });
    let file = explanation.file().map_or("no file".to_owned(), |file| file.display().to_string());
    let good = errors.is_empty() && (warnings.is_empty() || !strict);
    let _ = match (good, errors.len() + if strict { warnings.len() } else { 0 }) {
        (true, _) => writeln!(out, "{}ok{}: {file}", palette.good(), palette.reset()),
        (false, 1) => writeln!(out, "1 problem"),
        (false, count) => writeln!(out, "{count} problems"),
    };
    print(&out, exit_code(good))
}

fn doctor(input: Input, format: OutputFormat) -> ExitCode {
    let (loaded, errors) = input.inspect();
    // While something is wrong with the configuration, nobody knows where to go.
    let probe = if errors.is_empty() || loaded.config().disabled {
        match doctor::probe(&loaded.settings) {
            Ok(probe) => Some(probe),
            Err(error) => return print(&format!("{error}\n"), ExitCode::from(1)),
        }
    } else {
        None
    };
    let text = match format {
        OutputFormat::Json => {
            let results = probe.as_ref().map_or_else(|| json!([]), ConnectivityReport::json);
            let object = json!({
                "errors": problems_to_json(&errors),
                "warnings": problems_to_json(&loaded.warnings),
                "results": results,
            });
            format!("{object:#}\n")
        }
        OutputFormat::Text => {
            let mut text = String::new();
            for (problems, word) in [(&errors, "error"), (&loaded.warnings, "warning")] {
                for problem in problems {
                    let _ = writeln!(text, "{word}: {problem}");
                }
            }
            if let Some(probe) = &probe {
                let _ = write!(text, "{probe}");
            }
            text
        }
    };
    print(&text, exit_code(probe.is_some_and(|probe| probe.is_ok())))
}

fn init(path: &Path) -> ExitCode {
    let written = File::create_new(path).and_then(|mut file| file.write_all(include_bytes!("starter.toml")));
    let (message, code) = match written {
        Ok(()) => (format!("wrote {}\n", path.display()), ExitCode::SUCCESS),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            (format!("{} exists already and is left as it is\n", path.display()), ExitCode::from(1))
        }
        Err(error) => (format!("cannot write {}: {error}\n", path.display()), ExitCode::from(1)),
    };
    print(&message, code)
}
