//! Records what the queue of an exporter loses.

use std::sync::Arc;

use super::ExportRecorder;
use crate::export::{
    queue::LossRecorder,
    stats::recorder::{Reason, StatsRecorder},
};

impl LossRecorder for ExportRecorder {
    fn stats(&self) -> &Arc<StatsRecorder> {
        self.stats()
    }

    fn refuse(&self, items: u64, reason: Reason) {
        self.refuse(items, reason);
    }

    fn panicked(&self, items: u64) {
        let _ = self.panicked(items);
    }

    fn flush_pending(&self) {
        self.flush_pending();
    }
}
