//! The command line: see `autotelemetry --help`.

fn main() -> std::process::ExitCode {
    autotelemetry::cli::run()
}
