//! Hides card numbers in all three signals before any exporter gets them.
//!
//! `cargo run --example hide_card_numbers` shows the result on the console.

use autotelemetry::{
    ObservabilityTools,
    opentelemetry::{Value, logs::AnyValue},
    prelude::*,
};

const HIDDEN: &str = "[card number]";

/// Returns whether a text has the form of a card number: 13 to 19 digits, in groups or not.
fn is_card_number(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (13..=19).contains(&digits) && text.bytes().all(|byte| byte.is_ascii_digit() || b" -".contains(&byte))
}

fn hide(attributes: &mut [KeyValue]) {
    for attribute in attributes {
        let is_card = match &attribute.value {
            Value::String(text) => is_card_number(text.as_str()),
            Value::I64(number) => is_card_number(&number.to_string()),
            _ => false,
        };
        if is_card {
            attribute.value = HIDDEN.into();
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tools = ObservabilityTools::builder()
        .service_name("hide_card_numbers")
        .set("traces.exporters", "console")
        .set("metrics.exporters", "console")
        .span_processor("card numbers", |span| {
            hide(&mut span.attributes);
            span.events.events.iter_mut().for_each(|event| hide(&mut event.attributes));
        })
        .log_processor("card numbers", |record| {
            for (_, value) in &mut record.attributes {
                if matches!(value, AnyValue::String(text) if is_card_number(text.as_str())) {
                    *value = HIDDEN.into();
                }
            }
        })
        .measurement_processor("card numbers", |attributes| hide(attributes))
        .build()?;

    let card = KeyValue::new("card", "4111 1111 1111 1111");
    {
        let span = tools.tracer("shop").start_as_current_span("pay");
        span.set_attribute(card.clone());
        tools.logger("shop").info("paid", &[card.clone(), KeyValue::new("amount", 3)]);
    }
    tools.meter("shop").u64_counter("payments").build().add(1, &[card]);
    tools.shutdown()?;
    Ok(())
}
