//! Logs, spans and metrics of a small shop.
//!
//! `cargo run --example quickstart [ROUNDS]`

use std::{thread::sleep, time::Duration, time::Instant};

use autotelemetry::{ObservabilityTools, prelude::*};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/quickstart.toml");
    let tools = ObservabilityTools::builder().config_file(file).install()?;
    let (logger, tracer, meter) = (tools.logger("shop"), tools.tracer("shop"), tools.meter("shop"));
    let orders = meter.u64_counter("orders.processed").with_unit("{order}").build();
    let duration = meter.f64_histogram("order.duration").with_unit("ms").build();

    let rounds = std::env::args().nth(1).map_or(Ok(3), |rounds| rounds.parse::<u64>())?;
    for order in 1..=rounds {
        let start = Instant::now();
        let attributes = [KeyValue::new("payment", if order % 2 == 0 { "card" } else { "invoice" })];
        let span = tracer.start_as_current_span("process_order");
        span.set_attribute(KeyValue::new("order.id", i64::try_from(order)?));
        logger.info("order received", &attributes);
        check_stock(&tracer);
        if let Err(error) = charge(&tracer, order) {
            logger.exception("order failed", &error, &attributes);
            span.set_status(Status::error(error.to_string()));
        }
        orders.add(1, &attributes);
        duration.record(start.elapsed().as_secs_f64() * 1e3, &attributes);
    }
    // Undelivered telemetry is reported on stderr; it is not a failure of the program.
    let _ = tools.shutdown();
    Ok(())
}

fn check_stock(tracer: &impl TracerExt) {
    let _span = tracer.start_as_current_span("check_stock");
    sleep(Duration::from_millis(5));
}

/// Charges an order. Every third order fails.
fn charge(tracer: &impl TracerExt, order: u64) -> std::io::Result<()> {
    let span = tracer.start_as_current_span("charge");
    sleep(Duration::from_millis(10));
    let outcome = if order.is_multiple_of(3) { Err(std::io::Error::other("card refused")) } else { Ok(()) };
    outcome.inspect_err(|error| {
        span.record_error(error);
        span.set_status(Status::error(error.to_string()));
    })
}
