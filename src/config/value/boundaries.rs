//! The boundaries of the buckets of a histogram.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{ParseError, has_schema};

/// Finite numbers in increasing order.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Boundaries(Vec<f64>);

impl Boundaries {
    /// The greatest number of boundaries. Each series has a counter per boundary.
    const MAX_LEN: usize = 1_000;

    /// Returns the boundaries in order.
    #[must_use]
    pub(crate) fn as_slice(&self) -> &[f64] {
        &self.0
    }

    fn new(numbers: Vec<f64>) -> Result<Self, ParseError> {
        if numbers.len() > Self::MAX_LEN {
            let message = format!("{} boundaries are more than {}", numbers.len(), Self::MAX_LEN);
            return Err(ParseError::new(message));
        }
        if let Some(number) = numbers.iter().find(|number| !number.is_finite()) {
            let error = ParseError::new(format!("the boundary {number} is not a finite number"));
            return Err(error.with_help("the last bucket always ends at infinity"));
        }
        match numbers.windows(2).find(|two| two[0] >= two[1]) {
            Some(two) => {
                let message = format!("the boundaries do not increase: {} follows {}", two[1], two[0]);
                Err(ParseError::new(message).with_help("write them in increasing order, each once"))
            }
            None => Ok(Self(numbers)),
        }
    }
}

has_schema!(
    Boundaries,
    schemars::json_schema!({ "type": "array", "items": { "type": "number" }, "maxItems": 1_000 })
);

impl<'de> Deserialize<'de> for Boundaries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Boundaries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Boundaries, A::Error> {
                let mut numbers = Vec::new();
                while let Some(Boundary(number)) = seq.next_element()? {
                    numbers.push(number);
                }
                Boundaries::new(numbers).map_err(de::Error::custom)
            }
        }

        deserializer.deserialize_seq(Visitor)
    }
}

/// One boundary, which may be written as an integer.
struct Boundary(f64);

impl<'de> Deserialize<'de> for Boundary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Boundary;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Boundary, E> {
                Ok(Boundary(value))
            }

            #[expect(clippy::cast_precision_loss, reason = "measurements are floats")]
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Boundary, E> {
                Ok(Boundary(value as f64))
            }
        }

        deserializer.deserialize_f64(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries_are_finite_and_increase() {
        let message = |numbers: &[f64]| Boundaries::new(numbers.to_vec()).err().map(|error| error.message);
        assert_eq!(message(&[]), None);
        assert_eq!(message(&[-1.0, 0.0, 2.5]), None);
        assert_eq!(message(&[1.0, 1.0]).as_deref(), Some("the boundaries do not increase: 1 follows 1"));
        assert_eq!(message(&[1.0, f64::NAN]).as_deref(), Some("the boundary NaN is not a finite number"));
        assert_eq!(
            message(&[1.0, f64::INFINITY]).as_deref(),
            Some("the boundary inf is not a finite number")
        );
        assert_eq!(message(&vec![0.0; 1_001]).as_deref(), Some("1001 boundaries are more than 1000"));
    }
}
