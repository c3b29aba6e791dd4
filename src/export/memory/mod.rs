//! Telemetry that is kept in memory, for tests to look at.
//!
//! - Keys: none; only `testing` chooses it, in place of all exporters of the configuration
//! - Signals: all
//! - Feature: none

mod clock;
mod ids;
mod reader;

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use opentelemetry::{
    Context, InstrumentationScope,
    logs::LogRecord as _,
    trace::{Span as _, SpanContext, SpanId, TraceId},
};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    logs::{LogProcessor, SdkLogRecord},
    metrics::data::ResourceMetrics,
    trace::{Span, SpanData, SpanProcessor},
};

pub(crate) use self::ids::SequentialIds;
use self::{clock::Clock, reader::Reader};
use super::{callbacks::Callbacks, queue::ScopedRecord, stats::recorder::StatsRecorder};
use crate::config::{ExporterName, Signal};

/// How often somebody who waits looks again at least.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// All that was recorded.
#[derive(Debug)]
pub(crate) struct Memory {
    kept: Mutex<Kept>,
    /// Something was added to it.
    more: Condvar,
    resource: OnceLock<Resource>,
    reader: OnceLock<Arc<Reader>>,
    clock: Option<Clock>,
    deterministic_ids: bool,
    spans: Arc<StatsRecorder>,
    logs: Arc<StatsRecorder>,
}

pub(crate) type SpanNames = HashMap<(TraceId, SpanId), Cow<'static, str>>;

#[derive(Debug, Default)]
struct Kept {
    spans: Vec<SpanData>,
    /// Of spans that have not ended the SDK tells nothing else yet.
    open: SpanNames,
    logs: Vec<ScopedRecord>,
}

impl Memory {
    /// `start`: the time that all telemetry has until the clock is advanced.
    pub(crate) fn new(deterministic_ids: bool, start: Option<SystemTime>) -> Self {
        let stats = |signal| Arc::new(StatsRecorder::without_log(signal, ExporterName::Memory, "memory"));
        Self {
            kept: Mutex::default(),
            more: Condvar::new(),
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
        self.more.notify_all();
    }

    /// Waits until `is_enough` says so, and returns whether it did within `limit`.
    pub(crate) fn wait(&self, limit: Duration, mut is_enough: impl FnMut() -> bool) -> bool {
        let started = Instant::now();
        while !is_enough() {
            let left = limit.saturating_sub(started.elapsed());
            if left.is_zero() {
                return false;
            }
            // Spans and log records end the wait; metrics change without a word.
            drop(self.more.wait_timeout(self.kept(), left.min(LOOK_AGAIN)));
        }
        true
    }

    /// Notes what all telemetry is about.
    pub(crate) fn describe(&self, resource: &Resource) {
        let _ = self.resource.set(resource.clone());
    }

    pub(crate) fn resource(&self) -> Resource {
        self.resource.get().cloned().unwrap_or_else(|| Resource::builder_empty().build())
    }

    /// The spans that have ended, in the order in which they did.
    pub(crate) fn spans(&self) -> Vec<SpanData> {
        self.kept().spans.clone()
    }

    /// The names of the spans that have not, sorted.
    pub(crate) fn open_names(&self) -> Vec<Cow<'static, str>> {
        let mut names: Vec<_> = self.kept().open.values().cloned().collect();
        names.sort_unstable();
        names
    }

    /// The names of all spans, ended or not.
    pub(crate) fn span_names(&self) -> SpanNames {
        let kept = self.kept();
        let ended = kept.spans.iter().map(|span| (ids(&span.span_context), span.name.clone()));
        kept.open.clone().into_iter().chain(ended).collect()
    }

    pub(crate) fn logs(&self) -> Vec<ScopedRecord> {
        self.kept().logs.clone()
    }

    /// What `look` sees in the metrics of this moment, or in the last ones when telemetry has ended.
    pub(crate) fn metrics<R>(&self, look: impl FnOnce(&ResourceMetrics) -> R) -> R {
        match self.reader.get() {
            Some(reader) => reader.read(look),
            None => look(&ResourceMetrics::default()),
        }
    }

    /// Lets time pass, and returns whether it is held at all.
    pub(crate) fn advance(&self, time: Duration) -> bool {
        self.clock.as_ref().inspect(|clock| clock.advance(time)).is_some()
    }

    /// Ids that count up, if they are wanted.
    pub(crate) fn ids(&self) -> Option<SequentialIds> {
        self.deterministic_ids.then(SequentialIds::default)
    }

    /// The way in for metrics.
    pub(crate) fn reader(&self, callbacks: &Arc<Callbacks>) -> Arc<Reader> {
        Arc::clone(self.reader.get_or_init(|| Arc::new(Reader::new(Arc::clone(callbacks)))))
    }

    pub(crate) fn stats(&self, signal: Signal) -> Arc<StatsRecorder> {
        Arc::clone(if signal == Signal::Logs { &self.logs } else { &self.spans })
    }

    /// What the clock showed at `at`.
    pub(crate) fn time(&self, at: SystemTime) -> SystemTime {
        self.clock.as_ref().map_or(at, |clock| clock.time(at))
    }
}

fn ids(context: &SpanContext) -> (TraceId, SpanId) {
    (context.trace_id(), context.span_id())
}

/// The way in for spans and log records.
#[derive(Debug)]
pub(crate) struct MemoryProcessor(pub(crate) Arc<Memory>);

impl SpanProcessor for MemoryProcessor {
    fn on_start(&self, span: &mut Span, _: &Context) {
        if let Some(data) = span.exported_data() {
            self.0.keep(|kept| drop(kept.open.insert(ids(span.span_context()), data.name)));
        }
    }

    fn on_end(&self, mut span: SpanData) {
        span.start_time = self.0.time(span.start_time);
        span.end_time = self.0.time(span.end_time);
        for event in &mut span.events.events {
            event.timestamp = self.0.time(event.timestamp);
        }
        let is_sampled = span.span_context.is_sampled();
        self.0.keep(|kept| {
            kept.open.remove(&ids(&span.span_context));
            if is_sampled {
                kept.spans.push(span);
            }
        });
        self.0.spans.deliver(u64::from(is_sampled));
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl LogProcessor for MemoryProcessor {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        let mut record = record.clone();
        if let Some(at) = record.timestamp() {
            record.set_timestamp(self.0.time(at));
        }
        if let Some(at) = record.observed_timestamp() {
            record.set_observed_timestamp(self.0.time(at));
        }
        self.0.keep(|kept| kept.logs.push((record, scope.clone())));
        self.0.logs.deliver(1);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}
