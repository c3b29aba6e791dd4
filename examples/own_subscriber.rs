//! A program with its own `tracing` subscriber. The `fmt` layer prints, and OTLP receives the same
//! spans and events in more detail.
//!
//! `cargo run --example own_subscriber`, with an OpenTelemetry Collector at port 4318.

use std::error::Error;

use autotelemetry::ObservabilityTools;
use tracing_subscriber::{Layer as _, filter::LevelFilter, fmt, layer::SubscriberExt as _};

fn main() -> Result<(), Box<dyn Error>> {
    // `install` would set another subscriber; `build` sets no globals.
    let tools = ObservabilityTools::builder()
        .service_name("own_subscriber")
        .otlp_endpoint("http://localhost:4318")
        // The `fmt` layer already prints to the console.
        .set("logs.exporters", "otlp")
        .set("logs.level", "debug")
        .build()?;
    // Each layer has its own filter; a global one would also remove the debug events from OTLP.
    // Without a filter, `fmt` would print the internal messages of the OpenTelemetry crates.
    let subscriber = tracing_subscriber::registry()
        .with(fmt::layer().with_filter(LevelFilter::INFO))
        .with(tools.tracing_layer());
    tracing::subscriber::set_global_default(subscriber)?;
    // `log` records become `tracing` events.
    tracing_log::LogTracer::init()?;

    tracing::info_span!("open_door", door = 7).in_scope(|| {
        tracing::debug!(key = "brass", "key turned");
        tracing::info!("door opened");
        log::warn!(target: "hinges", "in need of oil");
    });
    // Undelivered telemetry is reported on stderr; it is not a failure of the program.
    let _ = tools.shutdown();
    Ok(())
}
