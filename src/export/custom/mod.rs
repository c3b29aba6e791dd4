//! Exporters of the program, which it adds in code under a name.
//!
//! - Keys: their name in `traces.exporters`, `metrics.exporters` or `logs.exporters`
//! - Signals: that of the exporter
//! - Feature: none
//!
//! Each one runs on a thread of its own, since its code may block, panic or never return.

mod control;
mod exporter;
mod exporter_thread;
mod losses;

pub(crate) use self::{
    control::{Control, ExporterControl},
    exporter::{CustomExporter, SendMetrics},
    losses::CustomLosses,
};
