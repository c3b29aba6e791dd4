//! One module for each place that telemetry can go to.

pub(super) mod console;
pub(super) mod file;
pub(super) mod lines;
pub(super) mod memory;
pub(super) mod otlp;
#[cfg(feature = "prometheus")]
pub(super) mod prometheus;
