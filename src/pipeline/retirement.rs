//! Ends the parts that a reload has removed.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use super::{
    logs::PreviousLogs,
    outputs::{Outputs, SharedOutputs},
    processor::SpanRoutes,
};
use crate::export::{flush::PendingFlush, runtime::start_thread, stats::recorder::Reason};

/// The time between two looks at the threads that still use the previous parts.
const POLL_INTERVAL: Duration = Duration::from_millis(1);

/// The parts that a reload has replaced.
#[derive(Debug)]
pub(super) struct Retirement {
    pub(super) routes: Arc<SpanRoutes>,
    pub(super) logs: PreviousLogs,
    /// The destinations and writers that nothing uses any more.
    pub(super) removed: Outputs,
}

impl Retirement {
    /// Delivers what the removed destinations hold, on a thread of its own, and drops the rest
    /// after `timeout`.
    pub(super) fn begin(self, outputs: SharedOutputs, timeout: Duration) {
        if self.removed.destinations.is_empty() && self.removed.line_writers.is_empty() {
            return;
        }
        let job = Arc::new(std::sync::Mutex::new(Some(self)));
        let on_thread = Arc::clone(&job);
        let of_thread = outputs.clone();
        let take = |job: &std::sync::Mutex<Option<Self>>| {
            job.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
        };
        let started = start_thread("autotelemetry-retire", move || {
            if let Some(retirement) = take(&on_thread) {
                retirement.run(&of_thread, timeout);
            }
        });
        // Without a thread, the caller waits.
        if started.is_err()
            && let Some(retirement) = take(&job)
        {
            retirement.run(&outputs, timeout);
        }
    }

    fn run(self, outputs: &SharedOutputs, timeout: Duration) {
        let deadline = Instant::now() + timeout;
        while self.is_used() && Instant::now() < deadline {
            thread::sleep(POLL_INTERVAL);
        }
        let Self { routes, logs, removed } = self;
        drop((routes, logs));
        // An item that arrives now comes from a thread that was stopped in between for that long.
        let destinations = removed.destinations.iter();
        let pending: Vec<_> =
            destinations.map(|destination| PendingFlush::request_last(&*destination.flush)).collect();
        for pending in pending {
            // What is lost is counted.
            let _ = pending.wait(deadline);
        }
        for destination in &removed.destinations {
            destination.flush.discard(Reason::Removed);
        }
        for lines in &removed.line_writers {
            let position = lines.request_flush();
            let _ = lines.wait_flushed(position, deadline);
            lines.stop_queueing();
        }
        outputs.change(|current| current.without(&removed));
    }

    /// Returns whether a thread is about to pass an item to the previous parts.
    fn is_used(&self) -> bool {
        let PreviousLogs { output, unfiltered } = &self.logs;
        Arc::strong_count(&self.routes) > 1
            || Arc::strong_count(output) > 1
            || unfiltered.as_ref().is_some_and(|unfiltered| Arc::strong_count(unfiltered) > 1)
    }
}
