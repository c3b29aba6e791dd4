//! Probabilities as thresholds of 56 bits.
//!
//! See the specification, "`TraceState`: Probability Sampling".

use std::fmt;

use opentelemetry::TraceId;

/// The number of digits of a threshold in the trace state.
const DIGITS: usize = 14;

const MAX: u64 = 1 << 56;

/// The significant digits of a threshold that the specification recommends.
const PRECISION: usize = 4;

/// The share of traces that are dropped, in units of 2^-56. It is less than 2^56.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Threshold(u64);

/// The random 56 bits that all participants in a trace know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Randomness(u64);

impl Threshold {
    /// Drops nothing.
    pub(super) const ALWAYS: Self = Self(0);

    /// Returns the threshold for a ratio of traces to keep; `None` to keep none.
    pub(super) fn of_ratio(ratio: f64) -> Option<Self> {
        Self::rounded(ratio, PRECISION)
    }

    /// Rounds a threshold to `precision` digits, not counting the digits `f` at its start.
    fn rounded(ratio: f64, precision: usize) -> Option<Self> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "the ratio is at most 1, and 2^56 is a power of two"
        )]
        let kept = (ratio.clamp(0.0, 1.0) * MAX as f64).round() as u64;
        if kept == 0 {
            return None;
        }
        let dropped = MAX - kept;
        let leading = (kept.leading_zeros().saturating_sub(8) / 4) as usize;
        let digits = (precision + leading).min(DIGITS);
        let unit = 1_u64 << (4 * (DIGITS - digits));
        let rounded = (dropped + unit / 2) / unit * unit;
        Some(Self(if rounded < MAX { rounded } else { dropped }))
    }

    /// Parses the digits of `th`, which omit zeros at their end.
    pub(super) fn parse(digits: &str) -> Option<Self> {
        if digits.is_empty() || digits.len() > DIGITS {
            return None;
        }
        parse_hex(&format!("{digits:0<DIGITS$}")).map(Self)
    }

    /// Returns whether a trace is kept.
    pub(super) fn keeps(self, randomness: Randomness) -> bool {
        randomness.0 >= self.0
    }
}

/// Writes the digits of `th`.
impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:0DIGITS$x}", self.0);
        let digits = digits.trim_end_matches('0');
        f.write_str(if digits.is_empty() { "0" } else { digits })
    }
}

impl Randomness {
    /// Takes the last seven bytes of a trace id.
    pub(super) fn of_trace(id: TraceId) -> Self {
        let [_, _, _, _, _, _, _, _, low @ ..] = id.to_bytes();
        Self(u64::from_be_bytes(low) & (MAX - 1))
    }

    /// Parses the digits of `rv`.
    pub(super) fn parse(digits: &str) -> Option<Self> {
        (digits.len() == DIGITS).then(|| parse_hex(digits).map(Self))?
    }
}

fn parse_hex(digits: &str) -> Option<u64> {
    // The conversion would accept a sign.
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u64::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of the specification: 1 in N, with 3, 4 and 5 digits.
    #[test]
    fn thresholds_equal_those_of_the_specification() {
        for (count, digits) in [
            (1, ["0", "0", "0"]),
            (2, ["8", "8", "8"]),
            (3, ["aab", "aaab", "aaaab"]),
            (4, ["c", "c", "c"]),
            (5, ["ccd", "cccd", "ccccd"]),
            (8, ["e", "e", "e"]),
            (10, ["e66", "e666", "e6666"]),
            (16, ["f", "f", "f"]),
            (100, ["fd71", "fd70a", "fd70a4"]),
            (1_000, ["ffbe7", "ffbe77", "ffbe76d"]),
            (10_000, ["fff972", "fff9724", "fff97247"]),
            (100_000, ["ffff584", "ffff583a", "ffff583a5"]),
            (1_000_000, ["ffffef4", "ffffef39", "ffffef391"]),
        ] {
            for (precision, digits) in [3, 4, 5].into_iter().zip(digits) {
                let threshold = Threshold::rounded(1.0 / f64::from(count), precision).unwrap();
                assert_eq!(threshold.to_string(), digits, "1 in {count} with {precision} digits");
                assert_eq!(Threshold::parse(digits), Some(threshold));
            }
        }
    }

    #[test]
    fn extreme_ratios_have_thresholds() {
        assert_eq!(Threshold::of_ratio(0.0), None);
        assert_eq!(Threshold::of_ratio(1.0), Some(Threshold::ALWAYS));
        let least = Threshold::of_ratio(f64::powi(0.5, 56)).unwrap();
        assert_eq!(least.to_string(), "ffffffffffffff");
        assert!(least.keeps(Randomness(MAX - 1)) && !least.keeps(Randomness(MAX - 2)));
        assert_eq!(Threshold::of_ratio(0.999_999_999).map(|it| it.to_string()).as_deref(), Some("0"));
    }

    /// A generator (`SplitMix64`) for ids that are the same in every run.
    fn random(state: &mut u64) -> u64 {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The share that is kept is within three standard deviations. A trace that is kept at one
    /// ratio is kept at each higher one.
    #[test]
    fn ratios_keep_their_share_consistently() {
        const IDS: u32 = 1_000_000;
        let ratios = [0.001, 0.05, 0.5, 0.9];
        let thresholds = ratios.map(|ratio| Threshold::of_ratio(ratio).unwrap());
        let mut kept = [0_u32; 4];
        let mut state = 7;
        for _ in 0..IDS {
            let id = (u128::from(random(&mut state)) << 64) | u128::from(random(&mut state));
            let randomness = Randomness::of_trace(TraceId::from(id));
            let decisions = thresholds.map(|threshold| threshold.keeps(randomness));
            assert!(decisions.is_sorted(), "{id:x}: {decisions:?}");
            kept.iter_mut().zip(decisions).for_each(|(kept, is_kept)| *kept += u32::from(is_kept));
        }
        for (ratio, kept) in ratios.into_iter().zip(kept) {
            let (expected, variance) = (f64::from(IDS) * ratio, f64::from(IDS) * ratio * (1.0 - ratio));
            assert!((f64::from(kept) - expected).abs() <= 3.0 * variance.sqrt(), "{ratio}: {kept}");
        }
    }

    #[test]
    fn malformed_digits_are_refused() {
        for digits in ["", "g", "+1", "0x1", "123456789012345"] {
            assert_eq!(Threshold::parse(digits), None, "{digits}");
        }
        for digits in ["", "1234567890123", "123456789012345", "1234567890123g"] {
            assert_eq!(Randomness::parse(digits), None, "{digits}");
        }
        assert_eq!(Randomness::parse("0123456789abcd"), Some(Randomness(0x0001_2345_6789_abcd)));
    }
}
