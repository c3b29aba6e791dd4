//! Computes the mean value of each category in a CSV file.
//!
//! `cargo run -- FILE` in the directory of its `autotelemetry.toml`.
//! `cargo run -- --generate 100000 FILE` creates a file of 100,000 rows for a first try.

mod generate;
mod process;
mod progress;

use std::{
    env,
    error::Error,
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
};

use autotelemetry::ObservabilityTools;

use crate::{process::Processor, progress::Progress};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let result = match &arguments[..] {
        [option, rows, path] if option == "--generate" => generate::generate(rows, path),
        [path] if !path.starts_with('-') => process(path),
        _ => Err("usage: data_processing FILE | data_processing --generate ROWS FILE".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn process(path: &str) -> Result<(), Box<dyn Error>> {
    let progress = Progress::default();
    let person = io::stderr().is_terminal();
    let tools = ObservabilityTools::builder()
        .json_logs(!person)
        .set("console.color", if person { "always" } else { "never" })
        .console_writer(progress.above())
        .install()?;

    let means = Processor::new(&tools).process(path.as_ref(), &progress)?;
    // stdout is reserved for the result.
    let mut out = io::stdout().lock();
    for (category, mean) in means {
        writeln!(out, "{category},{mean:.3}")?;
    }
    // The result is complete. Undelivered telemetry is reported on stderr; it is not a failure.
    let _ = tools.shutdown();
    Ok(())
}
