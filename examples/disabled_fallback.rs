//! A program that runs even if its telemetry cannot start: it prints the reason on stderr and
//! continues without telemetry.
//!
//! `AUTOTEL_LOGS__LEVEL=loud cargo run --example disabled_fallback`
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "stdout has the result, stderr the reason for missing logs"
)]

use autotelemetry::{ObservabilityTools, prelude::*};

fn main() {
    let tools =
        ObservabilityTools::builder().service_name("disabled_fallback").install().unwrap_or_else(|error| {
            eprintln!("there is no telemetry: {error}");
            ObservabilityTools::disabled()
        });
    // The calls are the same; disabled tools do nothing.
    let logger = tools.logger("sums");
    let sum: u64 = (1..=10).sum();
    logger.info("summed up", &[KeyValue::new("numbers", 10)]);
    println!("{sum}");

    // Undelivered telemetry is reported on stderr; it is not a failure of the program.
    let _ = tools.shutdown();
}
