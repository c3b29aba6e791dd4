//! A bounded queue whose items are exported in batches, on the export runtime.
//!
//! The batch processors of the SDK are not used: they do not report what they drop, wait without a
//! limit when they are flushed, and start a thread each.

mod batch_exporter;
mod item_bytes;
mod monitor;
mod ring;
mod state;

use std::{
    fmt,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::{logs::SdkLogRecord, trace::SpanData};
use tokio::{
    sync::Notify,
    time::{Interval, MissedTickBehavior},
};

pub(crate) use self::{
    batch_exporter::{BatchExporter, Export},
    item_bytes::ScopedRecord,
    monitor::{QueueMonitor, QueueSnapshot},
};
use self::{
    item_bytes::ItemBytes as _,
    state::{Batch, BatchState},
};
use super::{
    destination::{LogDestination, SpanDestination},
    flush::{Flush, FlushError},
    runtime::RuntimeHandle,
    stats::recorder::{Reason, StatsRecorder},
};
use crate::config::BatchSettings;

/// Counts and reports what a queue cannot deliver.
pub(crate) trait LossRecorder: fmt::Debug + Send + Sync {
    fn stats(&self) -> &Arc<StatsRecorder>;

    /// Records items that the queue did not accept. Called on the thread of the program, so it
    /// takes at most one lock and no memory, except for a message once a minute.
    fn refuse(&self, items: u64, reason: Reason);

    /// Logs suppressed messages whose minute has passed. Called periodically.
    fn flush_pending(&self);
}

/// Queues items for one exporter. A full queue drops new items; callers never wait.
#[derive(Debug)]
pub(crate) struct BatchQueue<T> {
    state: Mutex<BatchState<T>>,
    /// A copy of [`BatchState::refusal`], readable without the lock. It saves the program the lock
    /// and a copy of each item that would be refused.
    refusal: AtomicU8,
    /// Notified when a batch is full, a flush was requested or an export has ended.
    work: Notify,
    /// Notified when an export has ended.
    settled: Condvar,
    stats: Arc<StatsRecorder>,
    /// The exporter of the next batch. A reload may replace it, and the items stay.
    exporter: ArcSwap<BatchExporter<T>>,
}

/// The values of [`BatchQueue::refusal`].
const ACCEPTING: u8 = 0;
const FULL: u8 = 1;
const CLOSED: u8 = 2;
const REMOVED: u8 = 3;

impl<T: fmt::Debug + Send + 'static> BatchQueue<T> {
    pub(crate) fn start(
        exporter: BatchExporter<T>,
        settings: BatchSettings,
        runtime: &RuntimeHandle,
    ) -> Arc<Self> {
        let queue = Arc::new(Self {
            refusal: AtomicU8::new(ACCEPTING),
            state: Mutex::new(BatchState::new(settings)),
            work: Notify::new(),
            settled: Condvar::new(),
            stats: Arc::clone(exporter.losses().stats()),
            exporter: ArcSwap::from_pointee(exporter),
        });
        drop(runtime.spawn(work(Arc::clone(&queue), runtime.clone())));
        queue
    }

    /// Replaces the exporter. Batches that are being exported end with the previous one.
    pub(crate) fn set_exporter(&self, exporter: BatchExporter<T>) {
        self.exporter.store(Arc::new(exporter));
        self.work.notify_one();
    }

    /// Replaces the settings. Items beyond a smaller capacity stay.
    pub(crate) fn set_settings(&self, settings: BatchSettings) {
        let mut state = self.lock();
        state.set_settings(settings);
        self.publish_refusal(&state);
        drop(state);
        self.work.notify_one();
    }

    /// Counts an item as lost if the queue would refuse it. The caller then need not create it.
    #[inline]
    fn refuse_early(&self) -> bool {
        if self.is_accepting() {
            return false;
        }
        self.refuse_item();
        true
    }

    #[cold]
    #[inline(never)]
    fn refuse_item(&self) {
        let reason = match self.refusal.load(Ordering::Acquire) {
            CLOSED => Reason::ShutDown,
            REMOVED => Reason::Removed,
            _ => Reason::QueueFull,
        };
        self.exporter.load().losses().refuse(1, reason);
    }

    /// Begins to add an item, or counts it as lost. [`end_adding`](Self::end_adding) must follow.
    #[inline]
    fn begin_adding(&self) -> Option<MutexGuard<'_, BatchState<T>>> {
        let state = self.lock();
        if !self.is_accepting() {
            // Another thread has taken the last place.
            drop(state);
            self.refuse_item();
            return None;
        }
        // Under the lock, so that the item is counted before its export ends.
        self.stats.emit(1);
        Some(state)
    }

    #[inline]
    fn end_adding(&self, state: MutexGuard<'_, BatchState<T>>) {
        if state.refusal().is_some() {
            self.publish_refusal(&state);
        }
        let completes_batch = state.completes_batch();
        drop(state);
        if completes_batch {
            self.work.notify_one();
        }
    }
}

impl<T> BatchQueue<T> {
    fn lock(&self) -> MutexGuard<'_, BatchState<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_accepting(&self) -> bool {
        self.refusal.load(Ordering::Acquire) == ACCEPTING
    }

    /// Must be called after each change of what [`BatchState::refusal`] returns.
    fn publish_refusal(&self, state: &BatchState<T>) {
        let refusal = match state.refusal() {
            None => ACCEPTING,
            Some(Reason::QueueFull) => FULL,
            Some(Reason::Removed) => REMOVED,
            Some(_) => CLOSED,
        };
        self.refusal.store(refusal, Ordering::Release);
    }

    /// Takes the next batch, if one is due and may be exported now.
    fn take(&self, is_healthy: bool) -> Option<Batch<T>> {
        let mut state = self.lock();
        let batch = state.take(is_healthy);
        self.publish_refusal(&state);
        batch
    }

    /// Ends a queue that got no items.
    pub(crate) fn abandon(&self) {
        self.lock().close(Reason::Removed);
        self.work.notify_one();
    }

    fn schedule_delay(&self) -> Duration {
        self.lock().schedule_delay()
    }

    /// Returns `true` once nothing is left and nothing more can arrive.
    fn is_finished(&self) -> bool {
        let state = self.lock();
        state.is_closed() && state.len() == 0
    }

    /// Records that the export of a batch has ended.
    fn settle(&self, position: u64) {
        self.lock().settle(position);
        self.settled.notify_all();
        self.work.notify_one();
    }
}

impl<T: fmt::Debug + Send> QueueMonitor for BatchQueue<T> {
    fn stats(&self) -> &Arc<StatsRecorder> {
        &self.stats
    }

    fn snapshot(&self) -> QueueSnapshot {
        // Items are counted under the lock when they enter and leave the queue.
        let state = self.lock();
        QueueSnapshot {
            size: state.len() as u64,
            capacity: state.capacity() as u64,
            snapshot: self.stats.snapshot(),
        }
    }
}

impl<T: fmt::Debug + Send> Flush for BatchQueue<T> {
    fn request_flush(&self) -> u64 {
        let requested = self.lock().request_all();
        self.work.notify_one();
        requested
    }

    fn wait_flushed(&self, position: u64, deadline: Instant) -> Result<(), FlushError> {
        let mut state = self.lock();
        while state.settled() < position {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(FlushError::Timeout);
            }
            state = self.settled.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    fn close(&self, reason: Reason) {
        let mut state = self.lock();
        state.close(reason);
        self.publish_refusal(&state);
    }

    fn discard(&self, reason: Reason) {
        let mut state = self.lock();
        let items = state.discard(reason);
        self.publish_refusal(&state);
        self.stats.discard(items.len() as u64, reason);
        drop(state);
        self.settled.notify_all();
        // Without the lock, since dropping many items takes long.
        drop(items);
    }
}

impl SpanDestination for BatchQueue<SpanData> {
    fn accepts(&self) -> bool {
        self.is_accepting()
    }

    fn refuse(&self) {
        self.refuse_item();
    }

    fn end(&self, span: &SpanData) {
        if !self.refuse_early() {
            self.end_owned(span.clone());
        }
    }

    fn end_owned(&self, span: SpanData) {
        if self.refuse_early() {
            return;
        }
        let bytes = span.bytes();
        if let Some(mut state) = self.begin_adding()
            && let Some(place) = state.add(bytes)
        {
            place.fill((span, bytes));
            self.end_adding(state);
        }
    }
}

impl LogDestination for BatchQueue<ScopedRecord> {
    fn accepts(&self) -> bool {
        self.is_accepting()
    }

    fn refuse(&self) {
        self.refuse_item();
    }

    fn emit(&self, record: &SdkLogRecord, scope: &Arc<InstrumentationScope>) {
        if !self.refuse_early() {
            self.emit_owned(record.clone(), scope);
        }
    }

    fn emit_owned(&self, record: SdkLogRecord, scope: &Arc<InstrumentationScope>) {
        if self.refuse_early() {
            return;
        }
        let bytes = record.bytes();
        let scope = Arc::clone(scope);
        if let Some(mut state) = self.begin_adding()
            && let Some(place) = state.add(bytes)
        {
            place.fill(((record, scope), bytes));
            self.end_adding(state);
        }
    }

    fn keeps_records(&self) -> bool {
        true
    }
}

/// Exports batches until the queue is closed and empty.
async fn work<T: fmt::Debug + Send + 'static>(queue: Arc<BatchQueue<T>>, runtime: RuntimeHandle) {
    let mut timer = timer(queue.schedule_delay());
    while !queue.is_finished() {
        tokio::select! {
            () = queue.work.notified() => {
                let delay = queue.schedule_delay();
                if delay != timer.period() {
                    timer = self::timer(delay);
                }
            }
            _ = timer.tick() => {
                queue.lock().request_all();
                queue.exporter.load().losses().flush_pending();
            }
        }
        let mut exporter = queue.exporter.load_full();
        while let Some(Batch { items, position }) = queue.take(exporter.is_healthy()) {
            // Another one may have taken its place.
            exporter = queue.exporter.load_full();
            let (queue, exporter) = (Arc::clone(&queue), Arc::clone(&exporter));
            // The export is a task of its own, so that a panic ends only this export.
            let export = runtime.spawn(async move { exporter.export(items).await });
            drop(runtime.spawn(async move {
                let _ = export.await;
                queue.settle(position);
            }));
        }
    }
}

fn timer(delay: Duration) -> Interval {
    let mut timer = tokio::time::interval_at(tokio::time::Instant::now() + delay, delay);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    timer
}
