//! State that the OTLP exporters of all signals share.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    config::OtlpSettings,
    diagnostics::DiagnosticLog,
    export::{
        otlp::{DestinationHealth, DurationRecorder, ExportRecorder},
        stats::recorder::StatsRecorder,
    },
};

/// The health of each destination.
#[derive(Default)]
pub(super) struct OtlpExporters {
    /// By host and port.
    health: BTreeMap<String, Arc<DestinationHealth>>,
}

impl OtlpExporters {
    /// Returns the recorder of an exporter. Exporters with the same destination share its health.
    pub(super) fn recorder(
        &mut self,
        settings: &OtlpSettings,
        stats: &Arc<StatsRecorder>,
        durations: Option<Arc<DurationRecorder>>,
        diagnostics: DiagnosticLog,
    ) -> ExportRecorder {
        let place = settings.endpoint.host_and_port();
        let health = self
            .health
            .entry(place.clone())
            .or_insert_with(|| Arc::new(DestinationHealth::new(place, diagnostics)));
        ExportRecorder::new(Arc::clone(stats), Arc::clone(health), durations)
    }
}
