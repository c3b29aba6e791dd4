//! Where telemetry goes: one module for each kind of exporter, and what they share.

pub(crate) mod callbacks;
pub(crate) mod console;
pub(crate) mod file;
pub(crate) mod line_writer;
pub(crate) mod memory;
pub(crate) mod otlp;
#[cfg(feature = "prometheus")]
pub(crate) mod prometheus;
pub(crate) mod queue;
pub(crate) mod runtime;
pub(crate) mod stats;
