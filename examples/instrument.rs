//! Spans of `#[tracing::instrument]` and spans made by hand, in asynchronous code and in other: each kind can be the parent of
//! the other.
//!
//! `cargo run --example instrument`

use std::error::Error;

use autotelemetry::{ObservabilityTools, opentelemetry_sdk::trace::SdkTracer, prelude::*};
use tracing::{info, instrument};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let tools = ObservabilityTools::builder()
        .service_name("instrument")
        .set("traces.exporters", "console")
        .install()?;
    let tracer = tools.tracer("shop");
    // At the same time, and yet each order has a trace of its own.
    tokio::join!(place_order(&tracer, 1), place_order(&tracer, 2));
    // What cannot be delivered is told on standard error, and is no failure of the program.
    let _ = tools.shutdown();
    Ok(())
}

/// The arguments become attributes of the span, except those that are skipped. `i64`, since `tracing-opentelemetry` makes
/// texts of numbers without a sign.
#[instrument(skip(tracer))]
async fn place_order(tracer: &SdkTracer, order: i64) {
    info!("order received");
    sum_up(tracer);
    // By hand, in asynchronous code: the context goes with the future, from thread to thread.
    let payment = Context::current_with_span(tracer.start("payment"));
    charge("card").with_context(payment.clone()).await;
    payment.span().end();
}

#[instrument]
async fn charge(method: &str) {
    tokio::task::yield_now().await;
    info!("charged");
}

fn sum_up(tracer: &SdkTracer) {
    // By hand, in code that does not wait.
    let _span = tracer.start_as_current_span("sum_up");
    add_tax(19);
}

#[instrument]
fn add_tax(percent: i64) {
    info!("tax added");
}
