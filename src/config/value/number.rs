//! Numbers with a range.

use std::{fmt, ops::RangeInclusive};

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{ParseError, has_schema};

/// Declares integers, each with its range.
macro_rules! bounded {
    ($($(#[$meta:meta])* pub(crate) struct $name:ident($type:ty) in $min:literal..=$max:literal;)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        #[serde(transparent)]
        pub(crate) struct $name($type);

        #[allow(dead_code, reason = "some numbers have no default, and features use some of them")]
        impl $name {
            pub(crate) const fn new(value: $type) -> Self {
                assert!(value as i64 >= $min && value as i64 <= $max, "the default lies in the range");
                Self(value)
            }

            /// Returns the number.
            #[must_use]
            pub(crate) const fn get(self) -> $type {
                self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let number = integer(deserializer, $min..=$max)?;
                <$type>::try_from(number).map(Self).map_err(de::Error::custom)
            }
        }

        has_schema!($name, super::schema::integer(&($min..=$max)));
    )+};
}

bounded! {
    /// A number of items or characters.
    pub(crate) struct Count(u32) in 0..=4_294_967_295;

    /// The capacity of a queue or a batch in items.
    pub(crate) struct Size(u32) in 1..=1_000_000;

    /// A number of lists and maps inside of each other.
    pub(crate) struct ValueDepth(u32) in 1..=24;

    /// A number of requests at the same time.
    pub(crate) struct Concurrency(u32) in 1..=64;

    /// A number of attempts.
    pub(crate) struct Attempts(u32) in 1..=1_000_000;

    /// A number of attribute sets of a metric.
    pub(crate) struct CardinalityLimit(u32) in 1..=1_000_000;

    /// A number of buckets.
    pub(crate) struct MaxSize(u32) in 2..=16_384;

    /// The resolution of an exponential histogram.
    pub(crate) struct MaxScale(i8) in -10..=20;

    /// A TCP port; 0 selects any free port.
    pub(crate) struct Port(u16) in 0..=65_535;
}

/// Parses a whole number, decimal or hexadecimal (`0x1F`).
pub(crate) fn parse_integer(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        // The conversion would accept another sign.
        Some(hex) if hex.starts_with(|c: char| c.is_ascii_hexdigit()) => {
            i64::from_str_radix(&format!("{sign}{hex}"), 16).ok()
        }
        Some(_) => None,
        None => text.parse().ok(),
    }
}

fn integer<'de, D: Deserializer<'de>>(deserializer: D, range: RangeInclusive<i64>) -> Result<i64, D::Error> {
    struct Visitor(RangeInclusive<i64>);

    impl de::Visitor<'_> for Visitor {
        type Value = i64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "an integer from {} to {}", self.0.start(), self.0.end())
        }

        fn visit_i64<E: de::Error>(self, value: i64) -> Result<i64, E> {
            if self.0.contains(&value) {
                return Ok(value);
            }
            let (min, max) = self.0.into_inner();
            Err(E::custom(ParseError::new(format!("{value} is not between {min} and {max}"))))
        }

        fn visit_u64<E: de::Error>(self, value: u64) -> Result<i64, E> {
            self.visit_i64(i64::try_from(value).unwrap_or(i64::MAX))
        }
    }

    deserializer.deserialize_i64(Visitor(range))
}

/// A ratio from 0 (none) to 1 (all).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct SamplingRatio(f64);

has_schema!(SamplingRatio, super::schema::float(&(0.0..=1.0)));

impl SamplingRatio {
    pub(crate) const ONE: Self = Self(1.0);

    /// Returns the ratio.
    #[must_use]
    pub(crate) fn get(self) -> f64 {
        self.0
    }
}

/// Deserializes a probability of sampling: 0, or at least 2^-56, the least one that a trace id can
/// decide.
pub(crate) fn probability<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SamplingRatio, D::Error> {
    let ratio = SamplingRatio::deserialize(deserializer)?;
    if ratio.get() > 0.0 && ratio.get() < f64::powi(0.5, 56) {
        let error = ParseError::new(format!("{:e} is less than 2^-56, the least probability", ratio.get()));
        return Err(de::Error::custom(error.with_help("write 0 to keep no trace")));
    }
    Ok(ratio)
}

impl<'de> Deserialize<'de> for SamplingRatio {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        float(deserializer, 0.0..=1.0).map(Self)
    }
}

/// A number of events per second, which may be less than one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Rate(f64);

impl Rate {
    const RANGE: RangeInclusive<f64> = 0.001..=1_000_000.0;

    /// Returns the number of events per second.
    #[must_use]
    pub(crate) fn per_second(self) -> f64 {
        self.0
    }
}

has_schema!(Rate, super::schema::float(&Rate::RANGE));

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        float(deserializer, Self::RANGE).map(Self)
    }
}

fn float<'de, D: Deserializer<'de>>(deserializer: D, range: RangeInclusive<f64>) -> Result<f64, D::Error> {
    struct Visitor(RangeInclusive<f64>);

    impl de::Visitor<'_> for Visitor {
        type Value = f64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a number from {} to {}", self.0.start(), self.0.end())
        }

        fn visit_f64<E: de::Error>(self, value: f64) -> Result<f64, E> {
            if self.0.contains(&value) {
                return Ok(value);
            }
            let (min, max) = self.0.into_inner();
            Err(E::custom(ParseError::new(format!("{value} is not between {min} and {max}"))))
        }

        #[expect(clippy::cast_precision_loss, reason = "numbers that are not exact are out of range")]
        fn visit_i64<E: de::Error>(self, value: i64) -> Result<f64, E> {
            self.visit_f64(value as f64)
        }
    }

    deserializer.deserialize_f64(Visitor(range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_may_be_hexadecimal() {
        for (text, number) in
            [("0x800", 2048), ("0XfF", 255), ("-0x10", -16), ("10", 10), ("-1", -1), ("+5", 5)]
        {
            assert_eq!(parse_integer(text), Some(number), "{text}");
        }
        for text in ["", "0x", "0x-1", "0x+1", "0xg", "x10", "1e3", "1.0", "0x8000000000000000", "--1"] {
            assert_eq!(parse_integer(text), None, "{text}");
        }
    }
}
