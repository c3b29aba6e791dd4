//! A vendor and a Collector of one's own: who gets what is in `several_destinations.toml`, and not in the program.
//!
//! `OTLP_TOKEN=secret cargo run --example several_destinations`, with an OpenTelemetry Collector at the ports 4317 and 4318
//! (`otelcol --config config-examples/collector.yaml`), which is both of them as long as `VENDOR_ENDPOINT` names no vendor.

use std::error::Error;

use autotelemetry::{ObservabilityTools, prelude::*};

fn main() -> Result<(), Box<dyn Error>> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/several_destinations.toml");
    let tools = ObservabilityTools::builder().config_file(file).install()?;
    let (logger, tracer) = (tools.logger("ferry"), tools.tracer("ferry"));
    let passengers = tools.meter("ferry").u64_counter("ferry.passengers").with_unit("{person}").build();

    let attributes = [KeyValue::new("route", "north")];
    let span = tracer.start_as_current_span("cross");
    span.set_attributes(attributes.clone());
    logger.debug("ropes loosened", &attributes);
    logger.info("left the port", &attributes);
    logger.warn("high waves", &attributes);
    passengers.add(42, &attributes);
    drop(span);
    // One that cannot be reached harms no other; what it did not get is told on standard error.
    let _ = tools.shutdown();
    Ok(())
}
