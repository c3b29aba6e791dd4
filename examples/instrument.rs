//! Spans of `#[tracing::instrument]` and manual spans, in synchronous and asynchronous code. Each
//! kind can be the parent of the other.
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
    // Both run at the same time, and each order gets its own trace.
    tokio::join!(place_order(&tracer, 1), place_order(&tracer, 2));
    // Undelivered telemetry is reported on stderr; it is not a failure of the program.
    let _ = tools.shutdown();
    Ok(())
}

/// Places an order. The arguments become attributes of the span, except the skipped ones.
///
/// `order` is an `i64` because `tracing-opentelemetry` turns unsigned integers into strings.
#[instrument(skip(tracer))]
async fn place_order(tracer: &SdkTracer, order: i64) {
    info!("order received");
    sum_up(tracer);
    // A manual span in asynchronous code: the context moves with the future between threads.
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
    // A manual span in synchronous code.
    let _span = tracer.start_as_current_span("sum_up");
    add_tax(19);
}

#[instrument]
fn add_tax(percent: i64) {
    info!("tax added");
}
