//! The outputs of processors and readers.

use std::sync::Arc;

use crate::{
    config::Signal,
    export::{
        custom::ExporterControl, flush::Flush, line_writer::LineWriter, stats::recorder::StatsRecorder,
    },
};

/// All destinations of a pipeline, and what counts their items.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    /// The destinations to flush, in any order.
    pub(crate) destinations: Vec<(Signal, Arc<dyn Flush>)>,
    /// The writers of console and files. Several signals may share one, so they are flushed last.
    pub(crate) line_writers: Vec<Arc<LineWriter>>,
    pub(crate) recorders: Vec<Arc<StatsRecorder>>,
    /// The exporters of the program.
    pub(crate) controls: Vec<Arc<dyn ExporterControl>>,
}
