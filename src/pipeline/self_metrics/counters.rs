//! Counts the spans and log records that are made, whatever becomes of them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use opentelemetry::{
    Context, InstrumentationScope, KeyValue, TraceId,
    trace::{Link, SpanKind, SpanRef, TraceContextExt as _},
};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    logs::{LogProcessor, SdkLogRecord},
    trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample, Span, SpanData, SpanProcessor},
};

/// The counts. None of them takes a lock.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// By where the parent is, and by what the sampler decides.
    started: [[AtomicU64; SAMPLING_RESULTS.len()]; PARENT_ORIGINS.len()],
    /// Of those that are recorded, that is sampled.
    begun: AtomicU64,
    ended: AtomicU64,
    records: AtomicU64,
}

const PARENT_ORIGINS: [&str; 3] = ["none", "local", "remote"];

/// No sampler of ours has a span recorded that is not sampled.
const SAMPLING_RESULTS: [&str; 2] = ["RECORD_AND_SAMPLE", "DROP"];

impl Counters {
    /// How many spans were started, in groups that have different attributes; the empty ones are left out.
    pub(crate) fn started(&self) -> impl Iterator<Item = (u64, [KeyValue; 2])> {
        self.started.iter().zip(PARENT_ORIGINS).flat_map(|(counts, origin)| {
            let counts = counts.iter().map(|count| count.load(Ordering::Relaxed)).zip(SAMPLING_RESULTS);
            counts.filter(|(count, _)| *count > 0).map(move |(count, result)| {
                let origin = KeyValue::new("otel.span.parent.origin", origin);
                (count, [origin, KeyValue::new("otel.span.sampling_result", result)])
            })
        })
    }

    /// How many spans have not ended.
    pub(crate) fn live(&self) -> (u64, KeyValue) {
        // In this order: a span that is counted as ended was counted as begun before.
        let ended = self.ended.load(Ordering::Acquire);
        let live = self.begun.load(Ordering::Relaxed).saturating_sub(ended);
        (live, KeyValue::new("otel.span.sampling_result", SAMPLING_RESULTS[0]))
    }

    /// How many log records were made.
    pub(crate) fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }
}

/// A sampler whose decisions are counted, each of which is a span.
#[derive(Debug, Clone)]
pub(crate) struct CountingSampler {
    pub(crate) sampler: Sampler,
    pub(crate) counters: Arc<Counters>,
}

impl ShouldSample for CountingSampler {
    fn should_sample(
        &self,
        parent_context: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        span_kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let result = self.sampler.should_sample(parent_context, trace_id, name, span_kind, attributes, links);
        let parent = parent_context.map(Context::span);
        let parent = parent.as_ref().map(SpanRef::span_context).filter(|parent| parent.is_valid());
        let origin = match parent {
            None => 0,
            Some(parent) if !parent.is_remote() => 1,
            Some(_) => 2,
        };
        let decision = match result.decision {
            SamplingDecision::RecordAndSample => 0,
            SamplingDecision::RecordOnly | SamplingDecision::Drop => 1,
        };
        self.counters.started[origin][decision].fetch_add(1, Ordering::Relaxed);
        result
    }
}

/// A processor that counts what it gets.
#[derive(Debug)]
pub(crate) struct CountingProcessor<P> {
    pub(crate) processor: P,
    pub(crate) counters: Arc<Counters>,
}

impl<P: SpanProcessor> SpanProcessor for CountingProcessor<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.counters.begun.fetch_add(1, Ordering::Relaxed);
        self.processor.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        self.counters.ended.fetch_add(1, Ordering::Release);
        self.processor.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.processor.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.processor.shutdown_with_timeout(timeout)
    }
}

impl<P: LogProcessor> LogProcessor for CountingProcessor<P> {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        self.counters.records.fetch_add(1, Ordering::Relaxed);
        self.processor.emit(record, scope);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.processor.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.processor.shutdown_with_timeout(timeout)
    }
}
