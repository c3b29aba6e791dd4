//! Values of samples.

/// The value of a sample. Integers stay exact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    U64(u64),
    I64(i64),
    F64(f64),
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self::U64(number)
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Self::I64(number)
    }
}

impl From<f64> for Number {
    fn from(number: f64) -> Self {
        Self::F64(number)
    }
}

impl Number {
    /// Returns the sum. Integers saturate.
    pub(super) fn add(self, other: Self) -> Self {
        match (self, other) {
            (Self::U64(a), Self::U64(b)) => Self::U64(a.saturating_add(b)),
            (Self::I64(a), Self::I64(b)) => Self::I64(a.saturating_add(b)),
            (a, b) => Self::F64(a.to_f64() + b.to_f64()),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "Prometheus stores all values as f64")]
    pub(super) fn to_f64(self) -> f64 {
        match self {
            Self::U64(number) => number as f64,
            Self::I64(number) => number as f64,
            Self::F64(number) => number,
        }
    }

    pub(super) fn push(self, out: &mut Vec<u8>) {
        match self {
            Self::U64(number) => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
            Self::I64(number) => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
            Self::F64(number) => push_f64(out, number),
        }
    }
}

/// The integers below this one have an exact `f64`.
const FIRST_INEXACT: f64 = 9_007_199_254_740_992.0;

/// Appends a number as Prometheus reads it.
pub(super) fn push_f64(out: &mut Vec<u8>, number: f64) {
    if number.is_nan() {
        out.extend_from_slice(b"NaN");
    } else if number.is_infinite() {
        out.extend_from_slice(if number > 0.0 { b"+Inf" } else { b"-Inf" });
    } else {
        push_finite(out, number);
    }
}

/// Appends a number with a fraction, as the bounds of buckets have one in OpenMetrics.
pub(super) fn push_canonical(out: &mut Vec<u8>, number: f64) {
    let start = out.len();
    push_f64(out, number);
    if out[start..].iter().all(|byte| byte.is_ascii_digit() || *byte == b'-') {
        out.extend_from_slice(b".0");
    }
}

/// Appends a finite number in its shortest form, without a fraction of zero.
#[expect(clippy::float_cmp, reason = "a number equals its integer part or not")]
fn push_finite(out: &mut Vec<u8>, number: f64) {
    if number.trunc() == number && number.abs() < FIRST_INEXACT {
        if number == 0.0 && number.is_sign_negative() {
            out.push(b'-');
        }
        #[expect(clippy::cast_possible_truncation, reason = "the number is a small integer")]
        let integer = number as i64;
        out.extend_from_slice(itoa::Buffer::new().format(integer).as_bytes());
    } else {
        out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(number: impl Into<Number>) -> String {
        let mut out = Vec::new();
        number.into().push(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_exact_and_short() {
        assert_eq!(text(u64::MAX), "18446744073709551615");
        assert_eq!(text(i64::MIN), "-9223372036854775808");
        for (number, expected) in [
            (1.0, "1"),
            (-2.5, "-2.5"),
            (0.0, "0"),
            (-0.0, "-0"),
            (0.1 + 0.2, "0.30000000000000004"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(text(number), expected);
        }
        for number in [1e300, -1e-300, 9_007_199_254_740_993.0, f64::MAX, f64::MIN_POSITIVE, 5e-324] {
            assert_eq!(text(number).parse::<f64>().unwrap().to_bits(), number.to_bits());
        }
    }

    #[test]
    fn canonical_numbers_have_a_fraction_or_an_exponent() {
        for (number, expected) in [
            (0.0, "0.0"),
            (-5.0, "-5.0"),
            (0.25, "0.25"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            let mut out = b"1".to_vec();
            push_canonical(&mut out, number);
            assert_eq!(String::from_utf8(out).unwrap(), format!("1{expected}"));
        }
    }

    #[test]
    fn sums_saturate() {
        assert_eq!(Number::U64(u64::MAX).add(Number::U64(1)), Number::U64(u64::MAX));
        assert_eq!(Number::I64(i64::MIN).add(Number::I64(-1)), Number::I64(i64::MIN));
        assert_eq!(Number::U64(1).add(Number::F64(0.5)), Number::F64(1.5));
    }
}
