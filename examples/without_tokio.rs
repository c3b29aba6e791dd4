//! A program without an asynchronous runtime. Several threads work in one trace, and all three
//! signals go to OTLP.
//!
//! `cargo run --example without_tokio`, with an OpenTelemetry Collector on port 4318.
//! `OTEL_EXPORTER_OTLP_ENDPOINT` sets another endpoint.

use std::{error::Error, thread};

use autotelemetry::{ObservabilityTools, prelude::*};

fn main() -> Result<(), Box<dyn Error>> {
    let tools = ObservabilityTools::builder()
        .service_name("without_tokio")
        .otlp_endpoint("http://localhost:4318")
        .install()?;
    let (logger, tracer) = (tools.logger("thumbnails"), tools.tracer("thumbnails"));
    let made = tools.meter("thumbnails").u64_counter("thumbnails.made").with_unit("{image}").build();

    let span = tracer.start_as_current_span("make_thumbnails");
    thread::scope(|scope| {
        for image in ["cat.png", "dog.png", "emu.png"] {
            let context = span.context().clone();
            let (logger, tracer, made) = (&logger, &tracer, &made);
            scope.spawn(move || {
                // A new thread does not inherit the current span.
                let _current = context.attach();
                let attributes = [KeyValue::new("image", image)];
                let span = tracer.start_as_current_span("make_thumbnail");
                span.set_attributes(attributes.clone());
                logger.info("thumbnail made", &attributes);
                made.add(1, &[]);
            });
        }
    });
    drop(span);
    // Undelivered telemetry is reported on stderr; it is not a failure of the program.
    let _ = tools.shutdown();
    Ok(())
}
