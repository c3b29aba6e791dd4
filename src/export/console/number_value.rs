//! The numbers that instruments record.

use std::{cmp::Ordering, fmt};

/// A number, in the type of its instrument.
///
/// Numbers of different types are equal if their values are.
///
/// ```
/// use autotelemetry::testing::NumberValue;
///
/// assert_eq!(NumberValue::from(3_u64), NumberValue::from(3.0));
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum NumberValue {
    /// The number of a `u64` instrument.
    Unsigned(u64),
    /// The number of an `i64` instrument.
    Signed(i64),
    /// The number of an `f64` instrument.
    Float(f64),
}

impl NumberValue {
    /// Returns the number as a float. Large integers lose precision.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "as documented")]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Unsigned(number) => number as f64,
            Self::Signed(number) => number as f64,
            Self::Float(number) => number,
        }
    }

    fn as_integer(self) -> Option<i128> {
        match self {
            Self::Unsigned(number) => Some(number.into()),
            Self::Signed(number) => Some(number.into()),
            Self::Float(_) => None,
        }
    }

    /// Returns whether the number equals `expected`, except for rounding errors of floats.
    ///
    /// These affect the last digits. A sum that should be zero may differ from it by a tiny amount.
    pub(crate) fn is_about(self, expected: Self) -> bool {
        const RELATIVE: f64 = 1e-9;
        const ABSOLUTE: f64 = 1e-12;
        let (found, expected_float) = (self.as_f64(), expected.as_f64());
        let may_differ = matches!(self, Self::Float(_)) && found.is_finite() && expected_float.is_finite();
        let allowed = (RELATIVE * found.abs().max(expected_float.abs())).max(ABSOLUTE);
        self == expected || may_differ && (found - expected_float).abs() <= allowed
    }

    /// Adds numbers of the same type, otherwise their values as floats.
    pub(crate) fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unsigned(one), Self::Unsigned(other)) => one.saturating_add(other).into(),
            (Self::Signed(one), Self::Signed(other)) => one.saturating_add(other).into(),
            (one, other) => (one.as_f64() + other.as_f64()).into(),
        }
    }
}

impl PartialEq for NumberValue {
    fn eq(&self, other: &Self) -> bool {
        match (self.as_integer(), other.as_integer()) {
            (Some(one), Some(other)) => one == other,
            _ => self.as_f64() == other.as_f64(),
        }
    }
}

impl PartialOrd for NumberValue {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self.as_integer(), other.as_integer()) {
            (Some(one), Some(other)) => Some(one.cmp(&other)),
            _ => self.as_f64().partial_cmp(&other.as_f64()),
        }
    }
}

impl From<i32> for NumberValue {
    fn from(number: i32) -> Self {
        Self::Signed(number.into())
    }
}

impl From<u32> for NumberValue {
    fn from(number: u32) -> Self {
        Self::Unsigned(number.into())
    }
}

impl From<usize> for NumberValue {
    fn from(number: usize) -> Self {
        // No platform has a `usize` of more than 64 bits.
        Self::Unsigned(u64::try_from(number).unwrap_or(u64::MAX))
    }
}

impl From<u64> for NumberValue {
    fn from(number: u64) -> Self {
        Self::Unsigned(number)
    }
}

impl From<i64> for NumberValue {
    fn from(number: i64) -> Self {
        Self::Signed(number)
    }
}

impl From<f64> for NumberValue {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl fmt::Display for NumberValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(number) => number.fmt(f),
            Self::Signed(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
        }
    }
}
