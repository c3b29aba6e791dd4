//! Tests of the library through its public API, one module per subject.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test may panic and print"
)]

mod architecture;
mod baggage_attributes;
mod config_examples;
mod console;
mod console_writer;
mod data_limits;
mod data_model;
mod declarative;
mod detectors;
mod doctor;
mod documents;
mod examples;
mod explain;
mod export;
mod export_errors;
mod export_failures;
mod file;
mod file_size;
mod flush;
mod fork;
mod generated;
mod guide;
mod hostile_bodies;
mod hostile_floods;
mod hostile_grpc;
mod hostile_secrets;
mod init;
mod invalid_config;
mod invalid_declarative;
mod item_size;
mod jaeger_remote;
mod language;
mod lenient_env;
mod load_time;
mod log_lines;
mod logs;
mod metrics;
mod metrics_page;
#[cfg(feature = "report")]
mod mistakes;
mod otel_env;
mod otlp_lines;
mod own_declarative;
mod own_exporters;
mod own_parts;
mod own_processors;
mod platform_env;
mod precedence;
mod problems;
mod prometheus;
mod prometheus_formats;
mod prometheus_oracle;
mod prometheus_own_server;
mod prometheus_page;
mod prometheus_server;
mod propagation;
mod propagator_vectors;
mod propagators;
mod proxy;
mod public_api;
mod published_config;
mod readme;
mod redact;
mod reload;
mod reload_effects;
mod reload_effects_files;
mod reload_effects_output;
mod reload_keys;
mod reload_parts;
mod reload_watch;
#[cfg(feature = "report")]
mod report;
mod rust_log;
mod samplers;
mod scopes;
mod self_metrics;
mod self_metrics_otlp;
mod shutdown;
mod syntax;
mod system_limits;
mod testing;
mod testing_clock;
mod testing_failures;
mod tls;
mod tracing_layer;
mod views;

/// The process under test that [`test_support::child::Child`] starts.
#[test]
#[cfg(unix)]
#[ignore = "child process of other tests"]
fn child_main() {
    test_support::child::run();
}
