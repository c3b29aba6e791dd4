//! The same event from each source of log records.

use autotelemetry::{ObservabilityTools, prelude::*};

pub const TARGET: &str = "shop::checkout";

/// Emits the same event from each source, on one line so that the code location is the same.
macro_rules! three_times {
    ($logger:expr) => {
        let attributes = [
            KeyValue::new("order", 4711),
            KeyValue::new("customer", "ö \"quoted\"\n"),
            KeyValue::new("amount", 12.5),
            KeyValue::new("express", true),
        ];
        for part in ["received", "paid"] {
            let body = format!("order {part}");
            $logger.warn(body, &attributes); tracing::warn!(target: TARGET, order = 4711, customer = "ö \"quoted\"\n", amount = 12.5, express = true, "order {part}"); log::warn!(target: TARGET, order = 4711, customer = "ö \"quoted\"\n", amount = 12.5, express = true; "order {part}");
        }
    };
}

#[rustfmt::skip]
pub fn emit(tools: &ObservabilityTools) {
    let logger = tools.logger(TARGET);
    three_times!(logger);
    let manual = tools.tracer("manual").start_as_current_span("manual");
    three_times!(logger);
    drop(manual);
    tracing::info_span!("of tracing").in_scope(|| {
        three_times!(logger);
    });
}
