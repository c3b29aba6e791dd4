//! The values of data points.

use super::number_value::NumberValue;

/// The value of a data point.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum MetricValue {
    /// The value of a counter or a gauge.
    Scalar(NumberValue),
    /// The summary of the values that a histogram recorded.
    #[non_exhaustive]
    Histogram {
        /// The number of values.
        count: u64,
        /// The sum of the values.
        sum: NumberValue,
        /// The smallest value.
        min: Option<NumberValue>,
        /// The largest value.
        max: Option<NumberValue>,
    },
}

impl MetricValue {
    /// Returns the value of a counter or a gauge, or the sum of a histogram's values.
    #[must_use]
    pub fn sum(&self) -> NumberValue {
        match self {
            Self::Scalar(sum) | Self::Histogram { sum, .. } => *sum,
        }
    }
}
