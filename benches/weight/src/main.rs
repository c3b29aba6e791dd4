//! Starts telemetry and greets.

#[cfg(feature = "by_hand")]
mod by_hand;

fn main() {
    #[cfg(feature = "by_hand")]
    by_hand::run(greet);
    #[cfg(feature = "without_features")]
    {
        let _tools = autotelemetry::init();
        greet();
    }
}

fn greet() {
    tracing::info!("hello");
}
