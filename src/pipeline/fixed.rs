//! The parts of a pipeline that stay while telemetry runs.

use std::sync::{Arc, OnceLock};

use opentelemetry_sdk::Resource;

use super::{
    processor::CustomProcessors,
    self_metrics::{Counters, SelfMetrics},
};
use crate::{
    diagnostics::DiagnosticLog,
    error::Error,
    export::{memory::Memory, runtime::ExportRuntime},
};

/// The parts that no reload replaces.
#[derive(Debug)]
pub(super) struct Fixed {
    pub(super) resource: Resource,
    /// The processors of the program.
    pub(super) processors: Arc<CustomProcessors>,
    pub(super) diagnostics: DiagnosticLog,
    /// Receives all telemetry, in place of the exporters of the configuration.
    pub(super) memory: Option<Arc<Memory>>,
    /// `None` if `diagnostics.metrics` is `false`.
    pub(super) self_metrics: Option<SelfMetrics>,
    pub(super) runtime: RuntimeSlot,
}

/// The runtime, which is started for the first exporter that needs it.
#[derive(Debug, Default)]
pub(crate) struct RuntimeSlot(OnceLock<ExportRuntime>);

impl Fixed {
    pub(super) fn counters(&self) -> Option<Arc<Counters>> {
        self.self_metrics.as_ref().map(SelfMetrics::counters)
    }
}

impl RuntimeSlot {
    /// Starts the runtime unless it runs. Only one thread calls this at a time.
    pub(super) fn get_or_start(&self) -> Result<&ExportRuntime, Error> {
        if let Some(runtime) = self.0.get() {
            return Ok(runtime);
        }
        let started = ExportRuntime::start()?;
        Ok(self.0.get_or_init(|| started))
    }

    pub(crate) fn get(&self) -> Option<&ExportRuntime> {
        self.0.get()
    }
}
