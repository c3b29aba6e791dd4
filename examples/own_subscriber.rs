//! A program that composes its own `tracing` subscriber: its `fmt` layer prints, and OTLP gets the same spans and events, in more
//! detail.
//!
//! `cargo run --example own_subscriber`, with an OpenTelemetry Collector at port 4318.

use std::error::Error;

use autotelemetry::ObservabilityTools;
use tracing_subscriber::{Layer as _, filter::LevelFilter, fmt, layer::SubscriberExt as _};

fn main() -> Result<(), Box<dyn Error>> {
    // `install` would set a subscriber of its own; `build` sets nothing.
    let tools = ObservabilityTools::builder()
        .service_name("own_subscriber")
        .otlp_endpoint("http://localhost:4318")
        // The console is that of the `fmt` layer.
        .set("logs.exporters", "otlp")
        .set("logs.level", "debug")
        .build()?;
    // A filter for each layer: one for all would also take from the other what it wants. Without any, `fmt` would print
    // what the OpenTelemetry crates tell of their workings.
    let subscriber = tracing_subscriber::registry()
        .with(fmt::layer().with_filter(LevelFilter::INFO))
        .with(tools.tracing_layer());
    tracing::subscriber::set_global_default(subscriber)?;
    // Records of `log` become events of `tracing`.
    tracing_log::LogTracer::init()?;

    tracing::info_span!("open_door", door = 7).in_scope(|| {
        tracing::debug!(key = "brass", "key turned");
        tracing::info!("door opened");
        log::warn!(target: "hinges", "in need of oil");
    });
    // What cannot be delivered is told on standard error, and is no failure of the program.
    let _ = tools.shutdown();
    Ok(())
}
