//! State that the OTLP exporters of all signals share.

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
};

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
    /// By host and port. The exporters keep it.
    health: BTreeMap<String, Weak<DestinationHealth>>,
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
        let known = self.health.get(&place).and_then(Weak::upgrade);
        let health = known.unwrap_or_else(|| {
            let health = Arc::new(DestinationHealth::new(place.clone(), diagnostics));
            // Reloads may name ever new destinations.
            self.health.retain(|_, health| health.strong_count() > 0);
            self.health.insert(place, Arc::downgrade(&health));
            health
        });
        ExportRecorder::new(Arc::clone(stats), health, durations)
    }
}
