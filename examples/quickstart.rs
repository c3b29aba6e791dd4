//! Logs, spans and metrics of a small shop. `cargo run --example quickstart [ROUNDS]`

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
        {
            let _span = tracer.start_as_current_span("check_stock");
            sleep(Duration::from_millis(5));
        }
        match charge(&tracer, order) {
            Ok(()) => span.set_status(Status::Ok),
            Err(error) => {
                logger.exception("order failed", &error, &attributes);
                span.record_error(&error);
            }
        }
        orders.add(1, &attributes);
        duration.record(start.elapsed().as_secs_f64() * 1e3, &attributes);
    }
    Ok(tools.shutdown()?)
}

/// Every third card is refused.
fn charge(tracer: &impl TracerExt<Span: Send + Sync + 'static>, order: u64) -> Result<(), std::io::Error> {
    let span = tracer.start_as_current_span("charge");
    sleep(Duration::from_millis(10));
    if order.is_multiple_of(3) {
        let error = std::io::Error::other("card refused");
        span.record_error(&error);
        return Err(error);
    }
    Ok(())
}
