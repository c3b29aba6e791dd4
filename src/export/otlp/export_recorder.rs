//! The record of one signal at one destination.

use std::sync::Arc;

use opentelemetry_sdk::error::OTelSdkResult;

use super::{
    export_error::ExportError,
    export_timer::DurationRecorder,
    health::{DestinationHealth, SignalIndex},
};
use crate::{
    config::Signal,
    export::{
        queue::LossRecorder,
        stats::recorder::{Reason, StatsRecorder},
    },
};

/// Counts the items of one signal at one destination, and reports failures to its health.
#[derive(Debug, Clone)]
pub(crate) struct ExportRecorder {
    stats: Arc<StatsRecorder>,
    health: Arc<DestinationHealth>,
    index: SignalIndex,
    durations: Option<Arc<DurationRecorder>>,
}

impl ExportRecorder {
    pub(crate) fn new(
        stats: Arc<StatsRecorder>,
        health: Arc<DestinationHealth>,
        durations: Option<Arc<DurationRecorder>>,
    ) -> Self {
        let index = health.add_signal(Arc::clone(&stats));
        Self { stats, health, index, durations }
    }

    pub(super) fn stats(&self) -> &Arc<StatsRecorder> {
        &self.stats
    }

    pub(super) fn durations(&self) -> Option<&DurationRecorder> {
        self.durations.as_deref()
    }

    pub(super) fn signal(&self) -> Signal {
        self.stats.signal()
    }

    /// Returns `false`, and counts the items as dropped, if telemetry is shut down.
    pub(super) fn try_emit(&self, items: u64) -> bool {
        self.stats.try_emit(items)
    }

    pub(super) fn export(&self, items: u64) {
        self.stats.export_timed(items);
        self.health.record_success(self.index);
    }

    pub(super) fn server_warning(&self, message: &str) {
        self.health.server_warning(message);
    }

    pub(super) fn fail(&self, items: u64, error: &ExportError) -> OTelSdkResult {
        let result = self.stats.fail(items, error.error_type().as_str(), error);
        self.health.record_failure(self.index, error, items);
        result
    }

    /// Reports a failure that is followed by another attempt.
    pub(super) fn retry(&self, error: &ExportError) {
        self.health.record_failure(self.index, error, 0);
    }
}

impl LossRecorder for ExportRecorder {
    fn stats(&self) -> &Arc<StatsRecorder> {
        &self.stats
    }

    fn refuse(&self, items: u64, reason: Reason) {
        self.stats.refuse(items, reason);
        self.health.record_refused(self.index, items, reason);
    }

    fn flush_pending(&self) {
        self.health.flush_pending();
    }
}
