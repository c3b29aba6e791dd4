//! The log level changes at run time: each line of stdin sets a new one.
//!
//! `cargo run --example log_level`, then type `debug`, `warn,stock=trace`, or an invalid level.

use std::{error::Error, io};

use autotelemetry::{ObservabilityTools, prelude::*};

fn main() -> Result<(), Box<dyn Error>> {
    let tools = ObservabilityTools::builder().service_name("log_level").install()?;
    let logger = tools.logger("log_level");
    look_around(&tools);
    for line in io::stdin().lines() {
        // An invalid level changes nothing, and the error lists the valid ones.
        match tools.set_log_level(&line?) {
            Ok(()) => look_around(&tools),
            Err(error) => logger.exception("level not changed", &error, &[]),
        }
    }
    // Undelivered telemetry is reported on stderr; it is not a failure of the program.
    let _ = tools.shutdown();
    Ok(())
}

/// Logs at every level.
fn look_around(tools: &ObservabilityTools) {
    let stock = tools.logger("stock");
    stock.trace("shelf read", &[KeyValue::new("shelf", 3)]);
    stock.debug("shelves compared", &[KeyValue::new("shelves", 12)]);
    // Loggers, `tracing` and `log` share one level.
    tracing::info!(target: "doors", open = 2, "doors counted");
    log::warn!(target: "fridge", "warm");
}
