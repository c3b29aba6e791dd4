//! Ends the parts that a reload has removed.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::outputs::{Outputs, SharedOutputs};
use crate::export::{flush::PendingFlush, runtime::run_on_thread, stats::recorder::Reason};

/// The time in which threads that were about to add an item do so. The item of a thread that the
/// operating system stops for longer is counted as dropped.
const GRACE: Duration = Duration::from_millis(100);

/// Delivers what `removed` holds, which nothing uses any more, on a thread of its own. Drops the
/// rest after `timeout`.
pub(super) fn retire(removed: Outputs, outputs: &SharedOutputs, timeout: Duration) {
    if !removed.destinations.is_empty() || !removed.line_writers.is_empty() {
        let outputs = outputs.clone();
        run_on_thread("autotelemetry-retire", move || end(&removed, &outputs, timeout));
    }
}

fn end(removed: &Outputs, outputs: &SharedOutputs, timeout: Duration) {
    let deadline = Instant::now() + timeout;
    thread::sleep(GRACE.min(timeout));
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
    outputs.change(|current| current.without(removed));
}
