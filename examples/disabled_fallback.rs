//! A program that works though its telemetry cannot: it says why on standard error, and goes on without.
//!
//! `AUTOTEL_LOGS__LEVEL=loud cargo run --example disabled_fallback`
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what the program is for, and why it has no logs"
)]

use autotelemetry::{ObservabilityTools, prelude::*};

fn main() {
    let tools =
        ObservabilityTools::builder().service_name("disabled_fallback").install().unwrap_or_else(|error| {
            eprintln!("there is no telemetry: {error}");
            ObservabilityTools::disabled()
        });
    // The tools are used as always; when disabled they do nothing.
    let logger = tools.logger("sums");
    let sum: u64 = (1..=10).sum();
    logger.info("summed up", &[KeyValue::new("numbers", 10)]);
    println!("{sum}");

    // What cannot be delivered is told on standard error. It does not make the program fail either.
    let _ = tools.shutdown();
}
