//! Numbers with a range.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::ParseError;

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Bounded<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Bounded<MIN, MAX> {
    pub(crate) const fn new(value: u32) -> Self {
        assert!(value >= MIN && value <= MAX, "the default lies in the range");
        Self(value)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Port {
    /// The number, as sockets want it.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the range is that of u16")]
    pub const fn number(self) -> u16 {
        self.0 as u16
    }
}

/// A TCP port; 0 stands for any free one.
pub type Port = Bounded<0, 65_535>;

/// How many items a queue or a batch holds.
pub type Size = Bounded<1, 1_000_000>;

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Bounded<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<const MIN: u32, const MAX: u32>;

        impl<const MIN: u32, const MAX: u32> de::Visitor<'_> for Visitor<MIN, MAX> {
            type Value = Bounded<MIN, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a whole number from {MIN} to {MAX}")
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
                u32::try_from(value).ok().filter(|value| (MIN..=MAX).contains(value)).map(Bounded).ok_or_else(
                    || E::custom(ParseError::new(format!("{value} is not between {MIN} and {MAX}"))),
                )
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
                self.visit_i64(i64::try_from(value).unwrap_or(i64::MAX))
            }
        }

        deserializer.deserialize_i64(Visitor)
    }
}

/// A share from 0 (none) to 1 (all).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(transparent)]
pub struct SamplingRatio(f64);

impl SamplingRatio {
    pub(crate) const ONE: Self = Self(1.0);

    /// The number.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for SamplingRatio {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = SamplingRatio;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number from 0 to 1")
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<SamplingRatio, E> {
                if (0.0..=1.0).contains(&value) {
                    Ok(SamplingRatio(value))
                } else {
                    Err(E::custom(ParseError::new(format!("{value} is not between 0 and 1"))))
                }
            }

            #[expect(clippy::cast_precision_loss, reason = "every number that passes is 0 or 1")]
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<SamplingRatio, E> {
                self.visit_f64(value as f64)
            }
        }

        deserializer.deserialize_f64(Visitor)
    }
}
