//! The changes of data points since an earlier collection.

use std::time::SystemTime;

use super::number::WireNumber;

/// The changes of all data points of a metric, in their order.
#[derive(Debug)]
pub(crate) struct Changes {
    /// The time of the earlier collection.
    pub(crate) start: SystemTime,
    /// `None` for a data point without a change.
    pub(crate) points: Vec<Option<PointChange>>,
}

impl Changes {
    /// Returns the number of data points with a change.
    pub(super) fn count(&self) -> usize {
        self.points.iter().flatten().count()
    }
}

/// The change of a data point. There are no changes of the minimum and maximum.
#[derive(Debug, PartialEq)]
pub(crate) enum PointChange {
    Number(WireNumber),
    Histogram(HistogramChange),
    Exponential(ExponentialChange),
}

#[derive(Debug, PartialEq)]
pub(crate) struct HistogramChange {
    pub(crate) count: u64,
    pub(crate) sum: f64,
    pub(crate) bucket_counts: Vec<u64>,
}

/// The counts have the scale and the offsets of the data point.
#[derive(Debug, PartialEq)]
pub(crate) struct ExponentialChange {
    pub(crate) count: u64,
    pub(crate) sum: f64,
    pub(crate) zero_count: u64,
    pub(crate) positive: Vec<u64>,
    pub(crate) negative: Vec<u64>,
}

impl PointChange {
    pub(super) fn number(&self) -> Option<WireNumber> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn histogram(&self) -> Option<&HistogramChange> {
        match self {
            Self::Histogram(change) => Some(change),
            _ => None,
        }
    }

    pub(super) fn exponential(&self) -> Option<&ExponentialChange> {
        match self {
            Self::Exponential(change) => Some(change),
            _ => None,
        }
    }
}
