//! The losses of the queue in front of an exporter of the program.

use std::sync::Arc;

use crate::export::{
    queue::LossRecorder,
    stats::recorder::{Reason, StatsRecorder},
};

/// Counts what the queue cannot accept. The recorder reports it.
#[derive(Debug)]
pub(crate) struct CustomLosses(pub(crate) Arc<StatsRecorder>);

impl LossRecorder for CustomLosses {
    fn stats(&self) -> &Arc<StatsRecorder> {
        &self.0
    }

    fn refuse(&self, items: u64, reason: Reason) {
        self.0.refuse(items, reason);
    }

    fn flush_pending(&self) {}
}
