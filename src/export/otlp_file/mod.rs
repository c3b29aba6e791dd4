//! Telemetry as lines of OTLP in JSON, on standard output or in files.
//!
//! - Keys: `[otlp_file]`
//! - Signals: all
//! - Feature: none
//!
//! The specification calls it "OpenTelemetry Protocol File Exporter". A queue collects batches, as
//! for the exporter of OTLP, and each batch is one line.

mod exporter;
mod output;
mod pending_lines;

pub(crate) use self::{exporter::OtlpFileExporter, output::LineOutput};
