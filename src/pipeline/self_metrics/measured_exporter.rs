//! An exporter of one signal, and the queue in front of it.

use std::sync::Arc;

use opentelemetry::KeyValue;

use crate::{
    config::Signal,
    export::{
        queue::QueueMonitor,
        stats::{
            Dropped,
            recorder::{Snapshot, StatsRecorder},
        },
    },
};

#[derive(Debug, Clone)]
pub(super) struct MeasuredExporter {
    stats: Arc<StatsRecorder>,
    attributes: Vec<KeyValue>,
    /// The queue, with the attributes of its processor.
    queue: Option<(Arc<dyn QueueMonitor>, Vec<KeyValue>)>,
}

/// Receives a value and its attributes.
pub(super) type Observe<'o> = &'o dyn Fn(u64, &[KeyValue]);

impl MeasuredExporter {
    pub(super) fn new(stats: Arc<StatsRecorder>, attributes: Vec<KeyValue>) -> Self {
        Self { stats, attributes, queue: None }
    }

    pub(super) fn set_queue(&mut self, queue: Arc<dyn QueueMonitor>, attributes: Vec<KeyValue>) {
        self.queue = Some((queue, attributes));
    }

    pub(super) fn is_counted_by(&self, stats: &Arc<StatsRecorder>) -> bool {
        Arc::ptr_eq(&self.stats, stats)
    }

    pub(super) fn signal(&self) -> Signal {
        self.stats.signal()
    }

    pub(super) fn stats(&self) -> &Arc<StatsRecorder> {
        &self.stats
    }

    pub(super) fn observe_in_flight(&self, observe: Observe<'_>) {
        let in_flight = match &self.queue {
            Some((queue, _)) => queue.snapshot().in_flight(),
            None => self.stats.snapshot().queued,
        };
        observe(in_flight, &self.attributes);
    }

    pub(super) fn observe_exported(&self, observe: Observe<'_>) {
        let Snapshot { exported, failed_by_cause, dropped, queued: _ } = self.stats.snapshot();
        observe(exported, &self.attributes);
        for (cause, failed) in failed_by_cause {
            observe(failed, &with_error(&self.attributes, cause));
        }
        // Items that a queue dropped are counted there, and never reached the exporter.
        if self.queue.is_none() {
            observe_dropped(dropped, &self.attributes, observe);
        }
    }

    pub(super) fn observe_queue_size(&self, observe: Observe<'_>) {
        if let Some((queue, attributes)) = &self.queue {
            observe(queue.snapshot().size, attributes);
        }
    }

    pub(super) fn observe_queue_capacity(&self, observe: Observe<'_>) {
        if let Some((queue, attributes)) = &self.queue {
            observe(queue.snapshot().capacity, attributes);
        }
    }

    pub(super) fn observe_processed(&self, observe: Observe<'_>) {
        if let Some((queue, attributes)) = &self.queue {
            let queue = queue.snapshot();
            observe(queue.exported_total(), attributes);
            observe_dropped(queue.snapshot.dropped, attributes, observe);
        }
    }
}

fn with_error(attributes: &[KeyValue], cause: &'static str) -> Vec<KeyValue> {
    let mut attributes = attributes.to_vec();
    attributes.push(KeyValue::new("error.type", cause));
    attributes
}

/// Observes dropped items by reason, except where there are none.
fn observe_dropped(dropped: Dropped, attributes: &[KeyValue], observe: Observe<'_>) {
    // The items without a reader are a part of those of the closed sink.
    let Dropped { queue_full, shut_down, removed, sink_closed, reentrant, unread: _ } = dropped;
    for (reason, items) in [
        ("queue_full", queue_full),
        ("already_shutdown", shut_down),
        ("removed", removed),
        ("closed", sink_closed),
        ("reentrant", reentrant),
    ] {
        if items > 0 {
            observe(items, &with_error(attributes, reason));
        }
    }
}
