//! Counts the spans and log records that are created, with or without a destination.

use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::KeyValue;

/// The counts. None of them takes a lock.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Started spans by the origin of their parent and the result of the sampler.
    started: [[AtomicU64; SAMPLING_RESULTS.len()]; PARENT_ORIGINS.len()],
    /// Recorded spans, which are the sampled ones.
    recorded: AtomicU64,
    ended: AtomicU64,
    records: AtomicU64,
}

const PARENT_ORIGINS: [&str; 3] = ["none", "local", "remote"];

/// The results of sampling. The configurable samplers record only spans that they sample.
const SAMPLING_RESULTS: [&str; 2] = ["RECORD_AND_SAMPLE", "DROP"];

/// The origin of the parent of a span.
#[derive(Debug, Clone, Copy)]
pub(super) enum ParentOrigin {
    None,
    Local,
    Remote,
}

impl Counters {
    pub(super) fn sample_span(&self, parent: ParentOrigin, is_sampled: bool) {
        self.started[parent as usize][usize::from(!is_sampled)].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn start_span(&self) {
        self.recorded.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn end_span(&self) {
        self.ended.fetch_add(1, Ordering::Release);
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

    /// Returns the number of recorded spans that have not ended.
    pub(super) fn live(&self) -> (u64, KeyValue) {
        // In this order: a span that is counted as ended was counted as recorded before.
        let ended = self.ended.load(Ordering::Acquire);
        let live = self.recorded.load(Ordering::Relaxed).saturating_sub(ended);
        (live, KeyValue::new("otel.span.sampling_result", SAMPLING_RESULTS[0]))
    }

    /// Returns the number of log records that were created.
    pub(super) fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }
}
