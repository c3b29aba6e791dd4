//! A small program whose telemetry tests look at.

use std::time::SystemTime;

use autotelemetry::{
    ObservabilityTools,
    prelude::*,
    testing::{self, Captured},
};

/// Places two orders: one that succeeds, and one whose card is refused.
pub fn place_orders(tools: &ObservabilityTools) {
    let (logger, tracer, meter) = (tools.logger("shop"), tools.tracer("shop"), tools.meter("shop"));
    let orders = meter.u64_counter("orders").with_unit("{order}").build();
    let duration = meter.f64_histogram("order.duration").with_unit("ms").build();
    for (payment, milliseconds) in [("invoice", 20.0), ("card", 10.5)] {
        let attributes = [KeyValue::new("payment", payment)];
        let order = tracer.start_as_current_span("order");
        order.set_attributes(attributes.clone());
        logger.info("order received", &attributes);
        if payment == "card" {
            let charge = tracer.start_as_current_span("charge");
            let error = std::io::Error::other("card refused");
            charge.record_error(&error);
            charge.set_status(Status::error("card refused"));
            logger.exception("charging failed", &error, &attributes);
        }
        orders.add(1, &attributes);
        duration.record(milliseconds, &attributes);
    }
}

/// Returns the telemetry of [`place_orders`], identical in every run.
pub fn captured_orders() -> Captured {
    let (tools, captured) = testing::builder().deterministic_ids().clock(SystemTime::UNIX_EPOCH).build();
    place_orders(&tools);
    captured
}
