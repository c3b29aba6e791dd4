//! The destinations of telemetry: one module per kind of exporter, and what they share.

pub(crate) mod callbacks;
pub(crate) mod collector;
pub(crate) mod console;
pub(crate) mod custom;
pub(crate) mod destination;
pub(crate) mod file;
pub(crate) mod flush;
pub(crate) mod line_writer;
pub(crate) mod memory;
pub(crate) mod message_buffer;
pub(crate) mod otlp;
pub(crate) mod otlp_file;
pub(crate) mod overflow_check;
#[cfg(feature = "prometheus")]
pub(crate) mod prometheus;
pub(crate) mod queue;
pub(crate) mod runtime;
pub(crate) mod shared_reader;
pub(crate) mod stats;
pub(crate) mod unique_keys;
