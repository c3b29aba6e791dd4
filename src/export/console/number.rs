//! What instruments measure.

use std::{cmp::Ordering, fmt};

/// A number, in the type of its instrument. Numbers of different types are equal when their values are.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum NumberValue {
    /// Of an instrument of `u64`.
    Unsigned(u64),
    /// Of an instrument of `i64`.
    Signed(i64),
    /// Of an instrument of `f64`.
    Float(f64),
}

impl NumberValue {
    /// The number as a float; large integers lose their last digits.
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

    /// Whether this is `expected`, but for what adding up floats in another order changes: the last digits, and next to nothing
    /// where nothing is left.
    pub(crate) fn is_about(self, expected: Self) -> bool {
        const TOLERANCE: f64 = 1e-9;
        const NOTHING: f64 = 1e-12;
        let (found, expected_float) = (self.as_f64(), expected.as_f64());
        let may_differ = matches!(self, Self::Float(_)) && found.is_finite() && expected_float.is_finite();
        let allowed = (TOLERANCE * found.abs().max(expected_float.abs())).max(NOTHING);
        self == expected || may_differ && (found - expected_float).abs() <= allowed
    }

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
        // No platform has larger ones.
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
