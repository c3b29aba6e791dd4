//! Counts the spans and log records that are created, with or without a destination.

use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::KeyValue;
use opentelemetry_sdk::trace::SamplingDecision;

/// The counts. None of them takes a lock.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Started spans by the origin of their parent and the result of the sampler.
    started: [[AtomicU64; SAMPLING_RESULTS.len()]; PARENT_ORIGINS.len()],
    /// Recorded spans, and those of them that have ended, by the result of the sampler.
    recorded: [AtomicU64; RECORDED],
    ended: [AtomicU64; RECORDED],
    records: AtomicU64,
}

const PARENT_ORIGINS: [&str; 3] = ["none", "local", "remote"];

/// The results of sampling. Spans with the first ones are recorded.
const SAMPLING_RESULTS: [&str; 3] = ["RECORD_AND_SAMPLE", "RECORD_ONLY", "DROP"];
const RECORDED: usize = 2;

/// The origin of the parent of a span.
#[derive(Debug, Clone, Copy)]
pub(super) enum ParentOrigin {
    None,
    Local,
    Remote,
}

impl Counters {
    pub(super) fn sample_span(&self, parent: ParentOrigin, decision: &SamplingDecision) {
        let result = match decision {
            SamplingDecision::RecordAndSample => 0,
            SamplingDecision::RecordOnly => 1,
            SamplingDecision::Drop => 2,
        };
        self.started[parent as usize][result].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts the start of a recorded span.
    #[inline]
    pub(crate) fn start_span(&self, is_sampled: bool) {
        self.recorded[usize::from(!is_sampled)].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts the end of a recorded span.
    #[inline]
    pub(crate) fn end_span(&self, is_sampled: bool) {
        self.ended[usize::from(!is_sampled)].fetch_add(1, Ordering::Release);
    }

    pub(crate) fn count_record(&self) {
        self.records.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the number of started spans per set of attributes, except where it is zero.
    pub(super) fn started(&self) -> impl Iterator<Item = (u64, [KeyValue; 2])> {
        self.started.iter().zip(PARENT_ORIGINS).flat_map(|(counts, origin)| {
            let counts = counts.iter().map(|count| count.load(Ordering::Relaxed)).zip(SAMPLING_RESULTS);
            counts.filter(|(count, _)| *count > 0).map(move |(count, result)| {
                let origin = KeyValue::new("otel.span.parent.origin", origin);
                (count, [origin, KeyValue::new("otel.span.sampling_result", result)])
            })
        })
    }

    /// Returns the number of recorded spans that have not ended per result of the sampler, if there
    /// was any with that result.
    pub(super) fn live(&self) -> impl Iterator<Item = (u64, KeyValue)> {
        let counts = self.recorded.iter().zip(&self.ended).zip(SAMPLING_RESULTS).enumerate();
        counts.filter_map(|(index, ((recorded, ended), result))| {
            // In this order: a span that is counted as ended was counted as recorded before.
            let ended = ended.load(Ordering::Acquire);
            let recorded = recorded.load(Ordering::Relaxed);
            let is_shown = index == 0 || recorded > 0;
            let result = KeyValue::new("otel.span.sampling_result", result);
            is_shown.then(|| (recorded.saturating_sub(ended), result))
        })
    }

    /// Returns the number of log records that were created.
    pub(super) fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }
}
