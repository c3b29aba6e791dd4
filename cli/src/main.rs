//! The command line `autotelemetry`, on the public API of the library.
//!
//! Reports go to standard output, errors of usage to standard error. The exit code is 0 for
//! success, 1 for problems and 2 for wrong usage.

mod arguments;
mod check;
mod convert;
mod diff;
mod doctor;
mod explain;
mod init;
mod output;
mod painter;

use std::{path::PathBuf, process::ExitCode};

use clap::{CommandFactory as _, Parser as _};

use self::{
    arguments::{Arguments, Command, Input},
    output::print,
};

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    if let Command::Check { input, .. } | Command::Explain { input, .. } | Command::Doctor { input, .. } =
        &command
    {
        input.check_use();
    }
    match command {
        Command::Check { input, strict, replaces, format } => {
            Input::check_replaces(replaces.as_ref(), format);
            check::check(&input, strict, replaces, format)
        }
        Command::Explain { input, all, diff, format } => {
            // The parser takes two files or none.
            match diff.and_then(|files| <[PathBuf; 2]>::try_from(files).ok()) {
                Some(files) => diff::diff(&input, files, format),
                None => explain::explain(&input, all, format),
            }
        }
        Command::Doctor { input, format } => doctor::doctor(&input, format),
        Command::Convert { input } => convert::convert(&input),
        Command::Schema => print(&autotelemetry::schema(), ExitCode::SUCCESS),
        Command::Init(arguments) => init::init(*arguments),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "autotelemetry", &mut script);
            print(&String::from_utf8_lossy(&script), ExitCode::SUCCESS)
        }
    }
}
