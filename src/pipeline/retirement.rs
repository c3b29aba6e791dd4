//! Ends the parts that a reload has removed.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::outputs::{Outputs, SharedOutputs};
use crate::export::{flush::PendingFlush, runtime::start_thread, stats::recorder::Reason};

/// The time in which threads that were about to add an item do so. The item of a thread that the
/// operating system stops for longer is counted as dropped.
const GRACE: Duration = Duration::from_millis(100);

/// The destinations and writers that nothing uses any more.
#[derive(Debug)]
pub(super) struct Retirement {
    pub(super) removed: Outputs,
}

impl Retirement {
    /// Delivers what they hold, on a thread of its own, and drops the rest after `timeout`.
    pub(super) fn begin(self, outputs: &SharedOutputs, timeout: Duration) {
        if self.removed.destinations.is_empty() && self.removed.line_writers.is_empty() {
            return;
        }
        // Outlives a thread that cannot be started.
        let job = Arc::new(Mutex::new(Some(self)));
        let run = {
            let (job, outputs) = (Arc::clone(&job), outputs.clone());
            move || Self::run_once(&job, &outputs, timeout)
        };
        if start_thread("autotelemetry-retire", run).is_err() {
            Self::run_once(&job, outputs, timeout);
        }
    }

    fn run_once(job: &Mutex<Option<Self>>, outputs: &SharedOutputs, timeout: Duration) {
        let retirement = job.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(retirement) = retirement {
            retirement.run(outputs, timeout);
        }
    }

    fn run(self, outputs: &SharedOutputs, timeout: Duration) {
        let deadline = Instant::now() + timeout;
        thread::sleep(GRACE.min(timeout));
        let Self { removed } = self;
        let destinations = removed.destinations.iter();
        let pending: Vec<_> =
            destinations.map(|destination| PendingFlush::request_removed(&*destination.flush)).collect();
        for pending in pending {
            // The rest is counted below.
            let _ = pending.wait(deadline);
        }
        for destination in &removed.destinations {
            destination.flush.discard(Reason::Removed);
        }
        for lines in &removed.line_writers {
            let position = lines.request_flush();
            match lines.wait_flushed(position, deadline) {
                Ok(()) => lines.close(),
                Err(_) => lines.stop_queueing(),
            }
        }
        outputs.change(|current| current.without(&removed));
    }
}
