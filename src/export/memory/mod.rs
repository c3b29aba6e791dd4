//! Telemetry that is kept in memory, for tests.
//!
//! - Keys: none; `testing` adds this destination in place of all exporters of the configuration
//! - Signals: all
//! - Feature: none

mod clock;
mod ids;
mod metric_reader;

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use opentelemetry::{
    InstrumentationScope,
    logs::LogRecord as _,
    trace::{Span as _, SpanContext, SpanId, TraceId},
};
use opentelemetry_sdk::{
    Resource,
    logs::SdkLogRecord,
    metrics::data::ResourceMetrics,
    trace::{Span, SpanData},
};

use self::{clock::Clock, ids::SequentialIds, metric_reader::MemoryMetricReader};
use super::{
    callbacks::Callbacks,
    destination::{LogDestination, SpanDestination},
    flush::Flush,
    queue::ScopedRecord,
    stats::recorder::StatsRecorder,
};
use crate::config::Signal;

/// The name of this destination in the statistics.
pub(crate) const NAME: &str = "memory";

/// The longest time between two checks in [`Memory::wait`].
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Everything that was recorded.
#[derive(Debug)]
pub(crate) struct Memory {
    kept: Mutex<Kept>,
    /// Notified when something was added to `kept`.
    added: Condvar,
    resource: OnceLock<Resource>,
    reader: OnceLock<Arc<MemoryMetricReader>>,
    clock: Option<Clock>,
    deterministic_ids: bool,
    spans: Arc<StatsRecorder>,
    logs: Arc<StatsRecorder>,
}

pub(crate) type SpanNames = HashMap<(TraceId, SpanId), Cow<'static, str>>;

#[derive(Debug, Default)]
struct Kept {
    spans: Vec<SpanData>,
    /// The spans that have not ended; the SDK exposes no other data about them yet.
    open: SpanNames,
    logs: Vec<ScopedRecord>,
}

impl Memory {
    /// `start` is the time of all telemetry until the clock is advanced.
    pub(crate) fn new(deterministic_ids: bool, start: Option<SystemTime>) -> Self {
        let stats = |signal| Arc::new(StatsRecorder::without_log(signal, NAME, NAME));
        Self {
            kept: Mutex::default(),
            added: Condvar::new(),
            resource: OnceLock::new(),
            reader: OnceLock::new(),
            clock: start.map(Clock::new),
            deterministic_ids,
            spans: stats(Signal::Traces),
            logs: stats(Signal::Logs),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, keep: impl FnOnce(&mut Kept)) {
        keep(&mut self.kept());
        self.added.notify_all();
    }

    /// Waits until `is_enough` returns `true`. Returns `false` if it does not within `limit`.
    pub(crate) fn wait(&self, limit: Duration, mut is_enough: impl FnMut() -> bool) -> bool {
        let started = Instant::now();
        while !is_enough() {
            let left = limit.saturating_sub(started.elapsed());
            if left.is_zero() {
                return false;
            }
            // Spans and log records end the wait; changes of metrics notify nothing.
            drop(self.added.wait_timeout(self.kept(), left.min(POLL_INTERVAL)));
        }
        true
    }

    /// Sets the resource that all telemetry describes.
    pub(crate) fn set_resource(&self, resource: &Resource) {
        let _ = self.resource.set(resource.clone());
    }

    pub(crate) fn resource(&self) -> Resource {
        self.resource.get().cloned().unwrap_or_else(|| Resource::builder_empty().build())
    }

    /// Returns the ended spans, in the order in which they ended.
    pub(crate) fn spans(&self) -> Vec<SpanData> {
        self.kept().spans.clone()
    }

    /// Returns the names of the spans that have not ended, sorted.
    pub(crate) fn open_names(&self) -> Vec<Cow<'static, str>> {
        let mut names: Vec<_> = self.kept().open.values().cloned().collect();
        names.sort_unstable();
        names
    }

    /// Returns the names of all spans, ended or not.
    pub(crate) fn span_names(&self) -> SpanNames {
        let kept = self.kept();
        let ended = kept.spans.iter().map(|span| (ids(&span.span_context), span.name.clone()));
        kept.open.clone().into_iter().chain(ended).collect()
    }

    pub(crate) fn logs(&self) -> Vec<ScopedRecord> {
        self.kept().logs.clone()
    }

    /// Calls `look` with the current metrics, or with the last ones after shutdown.
    pub(crate) fn metrics<R>(&self, look: impl FnOnce(&ResourceMetrics) -> R) -> R {
        match self.reader.get() {
            Some(reader) => reader.read(look),
            None => look(&ResourceMetrics::default()),
        }
    }

    /// Advances the clock. Returns `false` if there is none.
    pub(crate) fn advance(&self, time: Duration) -> bool {
        self.clock.as_ref().inspect(|clock| clock.advance(time)).is_some()
    }

    /// Returns the generator of deterministic ids, if these were requested.
    pub(crate) fn ids(&self) -> Option<SequentialIds> {
        self.deterministic_ids.then(SequentialIds::default)
    }

    /// Returns the reader of the metrics.
    pub(crate) fn reader(&self, callbacks: &Arc<Callbacks>) -> Arc<MemoryMetricReader> {
        Arc::clone(self.reader.get_or_init(|| Arc::new(MemoryMetricReader::new(Arc::clone(callbacks)))))
    }

    /// Returns the recorder of spans or log records. Metrics have none.
    pub(crate) fn stats(&self, signal: Signal) -> &Arc<StatsRecorder> {
        if signal == Signal::Logs { &self.logs } else { &self.spans }
    }

    /// Returns the time of the clock at the system's time `at`.
    pub(crate) fn time(&self, at: SystemTime) -> SystemTime {
        self.clock.as_ref().map_or(at, |clock| clock.time(at))
    }
}

fn ids(context: &SpanContext) -> (TraceId, SpanId) {
    (context.trace_id(), context.span_id())
}

impl Flush for Memory {}

impl SpanDestination for Memory {
    fn needs_start(&self) -> bool {
        true
    }

    fn start(&self, span: &Span) {
        if let Some(data) = span.exported_data() {
            self.keep(|kept| drop(kept.open.insert(ids(span.span_context()), data.name)));
        }
    }

    fn leave_out(&self, span: &SpanData) {
        self.keep(|kept| drop(kept.open.remove(&ids(&span.span_context))));
    }

    fn end_owned(&self, mut span: SpanData) {
        span.start_time = self.time(span.start_time);
        span.end_time = self.time(span.end_time);
        for event in &mut span.events.events {
            event.timestamp = self.time(event.timestamp);
        }
        self.keep(|kept| {
            kept.open.remove(&ids(&span.span_context));
            kept.spans.push(span);
        });
        self.spans.deliver(1);
    }
}

impl LogDestination for Memory {
    fn emit(&self, record: &SdkLogRecord, scope: &Arc<InstrumentationScope>) {
        self.emit_owned(record.clone(), scope);
    }

    fn emit_owned(&self, mut record: SdkLogRecord, scope: &Arc<InstrumentationScope>) {
        if let Some(at) = record.timestamp() {
            record.set_timestamp(self.time(at));
        }
        if let Some(at) = record.observed_timestamp() {
            record.set_observed_timestamp(self.time(at));
        }
        self.keep(|kept| kept.logs.push((record, Arc::clone(scope))));
        self.logs.deliver(1);
    }

    fn keeps_records(&self) -> bool {
        true
    }
}
