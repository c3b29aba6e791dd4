//! A vendor and a private Collector. The file `several_destinations.toml`, not the program, selects
//! what each of them receives.
//!
//! `OTLP_TOKEN=secret cargo run --example several_destinations`, with an OpenTelemetry Collector on
//! ports 4317 and 4318 (`otelcol --config config-examples/collector.yaml`). It also acts as the
//! vendor, unless `VENDOR_ENDPOINT` is set.

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
    // An unreachable destination does not affect the other. Undelivered telemetry is reported on
    // stderr; it is not a failure of the program.
    let _ = tools.shutdown();
    Ok(())
}
