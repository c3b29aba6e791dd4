//! Shared by the tests of all packages, and by the benchmarks: processes, real programs, and a mock
//! collector.

pub mod certificates;
pub mod child;
pub mod collector;
pub mod dashboard;
pub mod drawing;
pub mod examples;
pub mod export_outcome;
pub mod fixture;
pub mod golden;
pub mod guide;
pub mod hostile;
pub mod hostile_grpc;
pub mod http;
pub mod json_lines;
pub mod language_server;
pub mod line_buffer;
pub mod log_sources;
pub mod mock_collector;
pub mod nginx;
pub mod page;
pub mod page_protobuf;
pub mod port;
pub mod process;
pub mod programs;
pub mod prometheus;
pub mod random;
pub mod random_metrics;
pub mod relay;
pub mod service;
pub mod shutdown;
pub mod streams;
pub mod terminal;
pub mod tls;
pub mod wrk;
pub mod yaml;

use std::time::Duration;

use autotelemetry::{Builder, ObservabilityTools};

/// The longest time that a test waits for something.
pub const TIMEOUT: Duration = Duration::from_secs(20);

/// Returns a builder that sees neither a file nor the environment of the process.
pub fn builder() -> Builder {
    with_env(&[])
}

/// Returns a builder that sees only these variables.
pub fn with_env(variables: &[(&str, &str)]) -> Builder {
    ObservabilityTools::builder().env_vars(variables.iter().map(|(name, value)| (*name, *value)))
}

/// Returns a builder that reads a file with this text and sees only these variables.
///
/// The file lives as long as the returned directory.
pub fn with_file(text: &str, variables: &[(&str, &str)]) -> (Builder, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("autotelemetry.toml");
    std::fs::write(&path, text).unwrap();
    (with_env(variables).config_file(path), directory)
}

/// Returns the effective value of a key, as it is written in the file.
pub fn value(tools: &ObservabilityTools, key: &str) -> String {
    let explained = tools.explain();
    let found = explained.values().find(|(other, ..)| *other == key);
    found.unwrap_or_else(|| panic!("there is no key {key}")).1
}
