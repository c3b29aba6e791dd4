//! The entry `ot` of the trace state, which holds values of OpenTelemetry.
//!
//! See the specification, "`TraceState` Handling".

use opentelemetry::trace::TraceState;

use super::threshold::{Randomness, Threshold};

const KEY: &str = "ot";
const THRESHOLD: &str = "th";
const RANDOMNESS: &str = "rv";

/// The maximum length of an entry.
const MAX_LENGTH: usize = 256;

/// The values of the entry that concern sampling.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct OtEntry {
    pub(super) threshold: Option<Threshold>,
    pub(super) randomness: Option<Randomness>,
}

impl OtEntry {
    pub(super) fn read(state: &TraceState) -> Self {
        let mut entry = Self::default();
        for (key, value) in members(state.get(KEY).unwrap_or_default()) {
            match key {
                THRESHOLD => entry.threshold = Threshold::parse(value),
                RANDOMNESS => entry.randomness = Randomness::parse(value),
                _ => {}
            }
        }
        entry
    }
}

fn members(entry: &str) -> impl Iterator<Item = (&str, &str)> {
    entry.split(';').filter_map(|member| member.split_once(':'))
}

/// Returns `state` with this threshold, or without any. Other values stay.
pub(super) fn with_threshold(state: &TraceState, threshold: Option<Threshold>) -> TraceState {
    let entry = state.get(KEY).unwrap_or_default();
    let threshold = threshold.map(|threshold| format!("{THRESHOLD}:{threshold}"));
    let is_threshold = |member: &&str| member.split_once(':').is_some_and(|(key, _)| key == THRESHOLD);
    if entry.split(';').find(is_threshold) == threshold.as_deref() {
        return state.clone();
    }
    let others = entry.split(';').filter(|member| !member.is_empty() && !is_threshold(member));
    let mut members: Vec<&str> = others.collect();
    members.extend(threshold.as_deref());
    let mut value = members.join(";");
    if value.len() > MAX_LENGTH {
        // The old threshold would be wrong.
        members.pop();
        value = members.join(";");
    }
    let changed = if value.is_empty() { state.delete(KEY) } else { state.insert(KEY, value) };
    changed.unwrap_or_else(|_| state.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(header: &str) -> TraceState {
        let members = header.split(',').filter_map(|member| member.split_once('='));
        TraceState::from_key_value(members).unwrap()
    }

    #[test]
    fn threshold_is_written_beside_other_values() {
        let half = Threshold::of_ratio(0.5);
        for (before, threshold, after) in [
            ("", half, "ot=th:8"),
            ("", Some(Threshold::ALWAYS), "ot=th:0"),
            ("", None, ""),
            ("a=1,b=2", half, "ot=th:8,a=1,b=2"),
            ("a=1,b=2", None, "a=1,b=2"),
            ("a=1,ot=th:8", half, "a=1,ot=th:8"),
            ("a=1,ot=p:8;th:c;rv:0123456789abcd", half, "ot=p:8;rv:0123456789abcd;th:8,a=1"),
            ("a=1,ot=p:8;th:c", None, "ot=p:8,a=1"),
            ("a=1,ot=th:c,b=2", None, "a=1,b=2"),
        ] {
            assert_eq!(with_threshold(&state(before), threshold).header(), after, "{before}");
        }
    }

    #[test]
    fn limits_of_the_trace_state_are_kept() {
        let half = Threshold::of_ratio(0.5);
        let long = format!("ot=x:{}", "y".repeat(249));
        let before = state(&format!("{long};th:c"));
        assert_eq!(with_threshold(&before, half).header(), format!("{long};th:8"));
        assert_eq!(with_threshold(&before, Threshold::of_ratio(0.3)).header(), long);

        let members: Vec<_> = (0..32).map(|index| (format!("k{index}"), "v")).collect();
        let after = with_threshold(&TraceState::from_key_value(members).unwrap(), half).header();
        assert_eq!(after.split(',').count(), 32);
        assert!(after.starts_with("ot=th:8,k0=v,") && after.ends_with(",k30=v"), "{after}");
    }

    #[test]
    fn malformed_values_are_ignored() {
        for entry in ["th:", "th:xyz", "th", "rv:12", "th:123456789012345;rv:g"] {
            assert_eq!(OtEntry::read(&state(&format!("ot={entry}"))), OtEntry::default(), "{entry}");
        }
        let entry = OtEntry::read(&state("ot=x:1;rv:00000000000001;th:8"));
        assert_eq!(entry.threshold, Threshold::of_ratio(0.5));
        assert_eq!(entry.randomness, Randomness::parse("00000000000001"));
    }
}
