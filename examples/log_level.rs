//! The log level changes while the program runs: each line of standard input is a new one.
//!
//! `cargo run --example log_level`, then type `debug`, `warn,stock=trace`, or something that is no level.

use std::{error::Error, io};

use autotelemetry::{ObservabilityTools, prelude::*};

fn main() -> Result<(), Box<dyn Error>> {
    let tools = ObservabilityTools::builder().service_name("log_level").install()?;
    let logger = tools.logger("log_level");
    look_around(&tools);
    for line in io::stdin().lines() {
        // What is no level changes nothing, and the error says what would be one.
        match tools.set_log_level(&line?) {
            Ok(()) => look_around(&tools),
            Err(error) => logger.exception("level not changed", &error, &[]),
        }
    }
    // What cannot be delivered is told on standard error, and is no failure of the program.
    let _ = tools.shutdown();
    Ok(())
}

/// Some work, of which one wants to know more or less.
fn look_around(tools: &ObservabilityTools) {
    let stock = tools.logger("stock");
    stock.trace("shelf read", &[KeyValue::new("shelf", 3)]);
    stock.debug("shelves compared", &[KeyValue::new("shelves", 12)]);
    // Loggers, `tracing` and `log` have one level.
    tracing::info!(target: "doors", open = 2, "doors counted");
    log::warn!(target: "fridge", "warm");
}
