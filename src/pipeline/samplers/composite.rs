//! Consistent sampling: all participants in a trace compare thresholds with the same randomness.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use opentelemetry::{
    Context, KeyValue, TraceId,
    trace::{Link, SpanContext, SpanKind, SpanRef, TraceState},
};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};

use super::{
    conditions::{Conditions, parent_kind},
    ot_entry::{OtEntry, with_threshold},
    span_start::SpanStart,
    threshold::{Randomness, Threshold},
};
use crate::diagnostics::DiagnosticLog;

/// The flag of W3C Trace Context Level 2 that promises a random trace id.
const RANDOM_FLAG: u8 = 2;

/// A part of a composite sampler.
#[derive(Debug)]
pub(super) enum Composable {
    AlwaysOn,
    AlwaysOff,
    /// `None` keeps nothing.
    Probability(Option<Threshold>),
    ParentThreshold(Box<Composable>),
    RuleBased(Vec<(Conditions, Composable)>),
}

/// The wish of a part.
struct Intent {
    /// `None` drops the span.
    threshold: Option<Threshold>,
    /// The threshold is that of a probability, so the trace state can hold it.
    is_reliable: bool,
}

/// The trace that a span belongs to.
struct TraceInfo<'s> {
    parent: Option<&'s SpanContext>,
    entry: OtEntry,
    randomness: Randomness,
}

impl Composable {
    fn intent(&self, span: &SpanStart<'_>, trace: &TraceInfo<'_>) -> Intent {
        match self {
            Self::AlwaysOn => Intent { threshold: Some(Threshold::ALWAYS), is_reliable: true },
            Self::AlwaysOff => Intent { threshold: None, is_reliable: false },
            Self::Probability(threshold) => Intent { threshold: *threshold, is_reliable: true },
            Self::ParentThreshold(root) => match trace.parent {
                None => root.intent(span, trace),
                Some(parent) => trace.intent_of(parent),
            },
            Self::RuleBased(rules) => {
                let parent = parent_kind(trace.parent);
                let rule = rules.iter().find(|(conditions, _)| conditions.hold(span, parent));
                rule.map_or(Intent { threshold: None, is_reliable: false }, |(_, sampler)| {
                    sampler.intent(span, trace)
                })
            }
        }
    }
}

impl TraceInfo<'_> {
    /// Returns the intent that the decision about the parent expresses.
    fn intent_of(&self, parent: &SpanContext) -> Intent {
        // Of a threshold that contradicts the decision, the probability is not known.
        let threshold = self.entry.threshold;
        match threshold.filter(|threshold| threshold.keeps(self.randomness) == parent.is_sampled()) {
            Some(threshold) => Intent { threshold: Some(threshold), is_reliable: true },
            None => {
                Intent { threshold: parent.is_sampled().then_some(Threshold::ALWAYS), is_reliable: false }
            }
        }
    }
}

/// Decides by a threshold and writes it into the trace state.
#[derive(Debug, Clone)]
pub(super) struct CompositeSampler {
    root: Arc<Composable>,
    diagnostics: DiagnosticLog,
    has_warned: Arc<AtomicBool>,
}

impl CompositeSampler {
    pub(super) fn new(root: Composable, diagnostics: DiagnosticLog) -> Self {
        Self { root: Arc::new(root), diagnostics, has_warned: Arc::default() }
    }

    #[cold]
    fn warn_of_trace_ids(&self) {
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            self.diagnostics.warn(
                "sampling by probability assumes random trace ids, but a caller does not state that its \
                 trace ids are random (W3C Trace Context Level 2); some traces may be incomplete",
            );
        }
    }
}

impl ShouldSample for CompositeSampler {
    fn should_sample(
        &self,
        parent_context: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        span_kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let span = SpanStart { parent_context, trace_id, name, kind: span_kind, attributes, links };
        let parent = span.parent();
        let parent = parent.as_ref().map(SpanRef::span_context);
        let state = parent.map_or(&TraceState::NONE, SpanContext::trace_state);
        let entry = OtEntry::read(state);
        let randomness = entry.randomness.unwrap_or_else(|| Randomness::of_trace(trace_id));
        let trace = TraceInfo { parent, entry, randomness };

        let intent = self.root.intent(&span, &trace);
        if let Some(parent) = parent.filter(|parent| parent.is_remote())
            && entry.randomness.is_none()
            && parent.trace_flags().to_u8() & RANDOM_FLAG == 0
            && intent.threshold.is_some_and(|threshold| threshold > Threshold::ALWAYS)
        {
            self.warn_of_trace_ids();
        }
        let is_kept = intent.threshold.is_some_and(|threshold| threshold.keeps(randomness));
        let written = intent.threshold.filter(|_| is_kept && intent.is_reliable);
        let decision = if is_kept { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop };
        SamplingResult { decision, attributes: Vec::new(), trace_state: with_threshold(state, written) }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::{SpanId, TraceFlags, trace::TraceContextExt as _};

    use super::*;
    use crate::config::Diagnostics;

    /// A trace whose last seven bytes are a quarter of their range.
    const TRACE: u128 = (0xabcd << 64) | 0xff40_0000_0000_0000;

    fn sampler(root: Composable) -> CompositeSampler {
        CompositeSampler::new(root, DiagnosticLog::new(Diagnostics::default()))
    }

    fn share(ratio: f64) -> Composable {
        Composable::Probability(Threshold::of_ratio(ratio))
    }

    /// Returns the decision about a span with this parent, and the trace state.
    fn decide(sampler: &CompositeSampler, parent: Option<(&str, u8)>) -> (bool, String) {
        let context = parent.map_or_else(Context::new, |(state, flags)| {
            let members = state.split(',').filter_map(|member| member.split_once('='));
            let state = TraceState::from_key_value(members).unwrap();
            let (trace, flags) = (TraceId::from(TRACE), TraceFlags::new(flags));
            Context::new().with_remote_span_context(SpanContext::new(
                trace,
                SpanId::from(1),
                flags,
                true,
                state,
            ))
        });
        let kind = SpanKind::Server;
        let result = sampler.should_sample(Some(&context), TraceId::from(TRACE), "span", &kind, &[], &[]);
        (result.decision == SamplingDecision::RecordAndSample, result.trace_state.header())
    }

    #[test]
    fn probability_decides_by_the_randomness_of_the_trace() {
        let quarter = u64::try_from(TRACE & u128::from(u64::MAX)).unwrap() & ((1 << 56) - 1);
        assert_eq!(quarter, 1 << 54);
        for (ratio, parent, expected) in [
            (0.75, None, (true, "ot=th:4")),
            (0.74, None, (false, "")),
            (1.0, None, (true, "ot=th:0")),
            (0.0, None, (false, "")),
            // The decision of the parent does not count, and its threshold is replaced.
            (0.75, Some(("ot=th:8,a=1", 2)), (true, "ot=th:4,a=1")),
            (0.5, Some(("a=1,ot=x:y;th:0", 3)), (false, "ot=x:y,a=1")),
            // Explicit randomness counts instead of the trace id.
            (0.5, Some(("ot=rv:80000000000000", 0)), (true, "ot=rv:80000000000000;th:8")),
            (0.5, Some(("ot=rv:7fffffffffffff", 1)), (false, "ot=rv:7fffffffffffff")),
        ] {
            let (is_kept, state) = decide(&sampler(share(ratio)), parent);
            assert_eq!((is_kept, state.as_str()), expected, "{ratio}, {parent:?}");
        }
    }

    #[test]
    fn parent_threshold_follows_the_parent() {
        for (parent, expected) in [
            (None, (true, "ot=th:4")),
            (Some(("ot=th:3", 3)), (true, "ot=th:3")),
            (Some(("ot=th:5", 2)), (false, "")),
            // Without a threshold, the decision counts, and its probability is not known.
            (Some(("a=1", 3)), (true, "a=1")),
            (Some(("a=1", 2)), (false, "a=1")),
            // A threshold that contradicts the decision is removed.
            (Some(("ot=th:5", 3)), (true, "")),
            (Some(("ot=th:3", 2)), (false, "")),
        ] {
            let root = Composable::ParentThreshold(Box::new(share(0.75)));
            let (is_kept, state) = decide(&sampler(root), parent);
            assert_eq!((is_kept, state.as_str()), expected, "{parent:?}");
        }
    }

    #[test]
    fn trace_ids_of_callers_are_questioned_once() {
        for (parent, is_questioned) in [
            (None, false),
            (Some(("", 1)), true),
            (Some(("", 3)), false),
            (Some(("ot=rv:80000000000000", 1)), false),
        ] {
            let sampler = sampler(share(0.75));
            decide(&sampler, parent);
            assert_eq!(sampler.has_warned.load(Ordering::Relaxed), is_questioned, "{parent:?}");
        }
        let all = sampler(Composable::AlwaysOn);
        decide(&all, Some(("", 1)));
        assert!(!all.has_warned.load(Ordering::Relaxed), "no trace is dropped");
    }
}
