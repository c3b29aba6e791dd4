//! Tests that need real programs, such as the OpenTelemetry Collector. See
//! [`test_support::programs`].
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test may panic and print"
)]

mod alerts;
mod attributes;
mod clock;
mod collector_restart;
mod compose;
mod config_examples;
mod dashboards;
mod declarative;
mod destinations;
mod examples;
mod export_failures;
mod guide;
mod guide_images;
mod language_server;
mod log_sources;
mod message_size;
mod metric_keys;
mod other_sdk;
mod otlp_lines;
mod own_parts;
mod prometheus;
mod prometheus_keys;
mod prometheus_page;
mod propagators;
mod proxy;
mod reload;
mod reload_effects;
mod reload_effects_metrics;
mod reload_effects_prometheus;
mod reload_effects_restart;
mod sampler_tree;
mod sampling;
mod schema_in_editor;
mod scopes;
mod shutdown;
mod signals;
mod terminal;
mod tls;
mod view_keys;
mod views;

/// The process under test that [`test_support::child::Child`] starts.
#[test]
#[cfg(unix)]
#[ignore = "child process of other tests"]
fn child_main() {
    test_support::child::run();
}
