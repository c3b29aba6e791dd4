//! A bounded queue whose items leave it in batches, on the background runtime.
//!
//! The SDK's batch processors are not used: they keep to themselves what they drop, wait for as long as they like when
//! they are flushed, and start a thread each.

use std::{
    collections::VecDeque,
    future::Future,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use opentelemetry::{Context, InstrumentationScope};
use opentelemetry_sdk::{
    error::{OTelSdkError, OTelSdkResult},
    logs::{LogProcessor, SdkLogRecord},
    trace::{Span, SpanData, SpanProcessor},
};
use tokio::sync::Notify;

use super::{
    otlp::ExportRecorder,
    runtime::RuntimeHandle,
    stats::recorder::{Reason, Snapshot, StatsRecorder},
};

/// Delivers batches, and counts what became of them.
pub(crate) trait Export<T>: Send + Sync + 'static {
    fn export(&self, batch: Vec<T>) -> impl Future<Output = ()> + Send;
}

/// A log record and the scope it was written under.
pub(crate) type ScopedRecord = (SdkLogRecord, InstrumentationScope);

/// How large the queue is and when it is emptied.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchSettings {
    pub(crate) max_queue_size: usize,
    pub(crate) max_export_batch_size: usize,
    pub(crate) schedule_delay: Duration,
    /// How long a flush may take.
    pub(crate) flush_limit: Duration,
}

/// The way in.
#[derive(Debug)]
pub(crate) struct BatchProcessor<T> {
    queue: Arc<Queue<T>>,
    flush_limit: Duration,
}

#[derive(Debug)]
struct Queue<T> {
    state: Mutex<State<T>>,
    /// A batch is full, or somebody waits.
    work: Notify,
    /// A batch is done.
    done: Condvar,
    max_queue_size: usize,
    max_export_batch_size: usize,
    recorder: ExportRecorder,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    /// How many items came in and how many are done, over all time.
    pushed: u64,
    done: u64,
    /// Up to here batches need not be full: their time has come, or somebody waits.
    requested: u64,
    closed: bool,
}

impl<T: std::fmt::Debug + Send + 'static> BatchProcessor<T> {
    pub(crate) fn start(
        exporter: impl Export<T>,
        settings: BatchSettings,
        recorder: ExportRecorder,
        handle: &RuntimeHandle,
    ) -> Self {
        let BatchSettings { max_queue_size, max_export_batch_size, schedule_delay, flush_limit } = settings;
        let state = State { items: VecDeque::new(), pushed: 0, done: 0, requested: 0, closed: false };
        let queue = Arc::new(Queue {
            state: Mutex::new(state),
            work: Notify::new(),
            done: Condvar::new(),
            max_queue_size,
            max_export_batch_size,
            recorder,
        });
        drop(handle.spawn(work(Arc::clone(&queue), Arc::new(exporter), schedule_delay, handle.clone())));
        Self { queue, flush_limit }
    }

    /// Never waits: what finds the queue full is dropped.
    fn push(&self, item: T) {
        let queue = &self.queue;
        let mut state = queue.lock();
        let refused = if state.closed {
            Some(Reason::ShutDown)
        } else if state.items.len() >= queue.max_queue_size {
            Some(Reason::QueueFull)
        } else {
            // Under the lock, so that it is noted before its end is.
            queue.recorder.emit(1);
            state.items.push_back(item);
            state.pushed += 1;
            None
        };
        let is_full = state.items.len() >= queue.max_export_batch_size;
        drop(state);
        match refused {
            Some(reason) => queue.recorder.refuse(1, reason),
            None if is_full => queue.work.notify_one(),
            None => {}
        }
    }

    /// The queue, to be measured, and given up when telemetry ends.
    pub(crate) fn queue(&self) -> Arc<dyn QueueMonitor> {
        Arc::clone(&self.queue) as Arc<dyn QueueMonitor>
    }

    /// Waits until everything that is in the queue now is done.
    fn flush(&self, limit: Duration, close: bool) -> OTelSdkResult {
        let deadline = Instant::now() + limit;
        let mut state = self.queue.lock();
        state.closed |= close;
        state.requested = state.pushed;
        let requested = state.requested;
        self.queue.work.notify_one();
        while state.done < requested {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(OTelSdkError::Timeout(limit));
            }
            state = self.queue.done.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }
}

/// Something in which items wait to be sent.
pub(crate) trait QueueMonitor: std::fmt::Debug + Send + Sync {
    /// The account of those that come to it.
    fn stats(&self) -> &Arc<StatsRecorder>;

    fn snapshot(&self) -> QueueSnapshot;

    /// Takes nothing from now on, and counts what waits as dropped.
    fn discard(&self);
}

/// How full a queue is at one moment, and what its account comes to at the same.
#[derive(Debug)]
pub(crate) struct QueueSnapshot {
    pub(crate) size: u64,
    pub(crate) capacity: u64,
    pub(crate) snapshot: Snapshot,
}

impl QueueSnapshot {
    /// Items that were taken out to be exported, and are on their way.
    pub(crate) fn in_flight(&self) -> u64 {
        self.snapshot.queued.saturating_sub(self.size)
    }

    /// Items that were taken out to be exported, whatever became of them.
    pub(crate) fn exported_total(&self) -> u64 {
        self.snapshot.exported + self.snapshot.failed_by_cause.values().sum::<u64>() + self.in_flight()
    }
}

impl<T: std::fmt::Debug + Send> QueueMonitor for Queue<T> {
    fn stats(&self) -> &Arc<StatsRecorder> {
        self.recorder.stats()
    }

    fn snapshot(&self) -> QueueSnapshot {
        // What comes in and what goes out is noted under the lock.
        let state = self.lock();
        QueueSnapshot {
            size: state.items.len() as u64,
            capacity: self.max_queue_size as u64,
            snapshot: self.recorder.stats().snapshot(),
        }
    }

    fn discard(&self) {
        let mut state = self.lock();
        state.closed = true;
        let items = std::mem::take(&mut state.items);
        state.done += items.len() as u64;
        self.recorder.discard(items.len() as u64);
        drop(state);
        self.done.notify_all();
        // There may be many of them, so they go without the lock.
        drop(items);
    }
}

impl<T> Queue<T> {
    fn lock(&self) -> std::sync::MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next batch: a full one, or what there is as long as it is wanted.
    fn take(&self) -> Option<Vec<T>> {
        let mut state = self.lock();
        let size = state.items.len().min(self.max_export_batch_size);
        let is_due = size == self.max_export_batch_size || state.done < state.requested;
        (size > 0 && is_due).then(|| state.items.drain(..size).collect())
    }

    /// Wants all that is there now.
    fn request_flush(&self) {
        let mut state = self.lock();
        state.requested = state.pushed;
    }

    /// Whether nothing will ever come again.
    fn is_over(&self) -> bool {
        let state = self.lock();
        state.closed && state.items.is_empty()
    }

    fn finish(&self, items: u64) {
        self.lock().done += items;
        self.done.notify_all();
    }
}

async fn work<T: std::fmt::Debug + Send + 'static>(
    queue: Arc<Queue<T>>,
    exporter: Arc<impl Export<T>>,
    delay: Duration,
    handle: RuntimeHandle,
) {
    while !queue.is_over() {
        tokio::select! {
            () = queue.work.notified() => {}
            () = tokio::time::sleep(delay) => {
                queue.request_flush();
                queue.recorder.flush_pending();
            }
        }
        while let Some(batch) = queue.take() {
            let items = batch.len() as u64;
            let exporter = Arc::clone(&exporter);
            // As a task of its own, so that a panic ends nothing but itself.
            let ended = handle.spawn(async move { exporter.export(batch).await }).await;
            if ended.is_err_and(|error| error.is_panic()) {
                // A part of them may have been delivered before.
                let _ = queue.recorder.panicked(queue.snapshot().in_flight());
            }
            queue.finish(items);
        }
    }
}

impl SpanProcessor for BatchProcessor<SpanData> {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        // What is not sampled is meant to go nowhere.
        if span.span_context.is_sampled() {
            self.push(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.flush(self.flush_limit, false)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.flush(timeout, true)
    }
}

impl LogProcessor for BatchProcessor<ScopedRecord> {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        self.push((record.clone(), scope.clone()));
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.flush(self.flush_limit, false)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.flush(timeout, true)
    }
}
