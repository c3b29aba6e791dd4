//! The cumulative value of a data point, and its change since an earlier one.

use opentelemetry_sdk::metrics::data::{
    ExponentialBucket, ExponentialHistogramDataPoint, HistogramDataPoint,
};

use super::super::encode::{ExponentialChange, HistogramChange, Number, PointChange};

/// A cumulative value.
#[derive(Debug)]
pub(super) enum Baseline {
    Number(Total),
    Histogram(Histogram),
    Exponential(Exponential),
}

/// A sum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Total {
    F64(f64),
    I64(i64),
    U64(u64),
}

#[derive(Debug)]
pub(super) struct Histogram {
    count: u64,
    sum: f64,
    bucket_counts: Vec<u64>,
}

#[derive(Debug)]
pub(super) struct Exponential {
    scale: i8,
    count: u64,
    sum: f64,
    zero_count: u64,
    positive: Buckets,
    negative: Buckets,
}

/// The counts of buckets from the one with the index `offset`.
#[derive(Debug)]
struct Buckets {
    offset: i32,
    counts: Vec<u64>,
}

impl Baseline {
    pub(super) fn histogram<T: Number>(point: &HistogramDataPoint<T>) -> Self {
        Self::Histogram(Histogram {
            count: point.count(),
            sum: point.sum().to_f64(),
            bucket_counts: point.bucket_counts().collect(),
        })
    }

    pub(super) fn exponential<T: Number>(point: &ExponentialHistogramDataPoint<T>) -> Self {
        Self::Exponential(Exponential {
            scale: point.scale(),
            count: point.count() as u64,
            sum: point.sum().to_f64(),
            zero_count: point.zero_count(),
            positive: Buckets::new(point.positive_bucket()),
            negative: Buckets::new(point.negative_bucket()),
        })
    }

    /// Returns `None` without a change. A value that has decreased counts as restarted at zero, as
    /// does one without an earlier value.
    pub(super) fn change_since(&self, before: Option<&Self>) -> Option<PointChange> {
        match (self, before) {
            (Self::Number(current), Some(Self::Number(before))) => current.since(*before),
            (Self::Number(current), _) => Some(current.to_wire()),
            (Self::Histogram(current), Some(Self::Histogram(before))) if current.continues(before) => {
                (current.count > before.count).then(|| current.since(before))
            }
            (Self::Histogram(current), _) => Some(current.whole()),
            (Self::Exponential(current), Some(Self::Exponential(before))) if current.continues(before) => {
                (current.count > before.count).then(|| current.since(before))
            }
            (Self::Exponential(current), _) => Some(current.whole()),
        }
    }
}

impl Total {
    fn to_wire(self) -> PointChange {
        PointChange::Number(match self {
            Self::F64(value) => value.to_wire(),
            Self::I64(value) => value.to_wire(),
            Self::U64(value) => value.to_wire(),
        })
    }

    fn since(self, before: Self) -> Option<PointChange> {
        let change = match (self, before) {
            (Self::F64(value), Self::F64(before)) if value >= before => Self::F64(value - before),
            (Self::I64(value), Self::I64(before)) if value >= before => {
                Self::I64(value.saturating_sub(before))
            }
            (Self::U64(value), Self::U64(before)) if value >= before => Self::U64(value - before),
            _ => self,
        };
        (self != before).then(|| change.to_wire())
    }
}

impl From<f64> for Total {
    fn from(value: f64) -> Self {
        Self::F64(value)
    }
}

impl From<i64> for Total {
    fn from(value: i64) -> Self {
        Self::I64(value)
    }
}

impl From<u64> for Total {
    fn from(value: u64) -> Self {
        Self::U64(value)
    }
}

impl Histogram {
    fn continues(&self, before: &Self) -> bool {
        self.count >= before.count && self.bucket_counts.len() == before.bucket_counts.len()
    }

    fn since(&self, before: &Self) -> PointChange {
        let buckets = self.bucket_counts.iter().zip(&before.bucket_counts);
        PointChange::Histogram(HistogramChange {
            count: self.count - before.count,
            sum: self.sum - before.sum,
            bucket_counts: buckets.map(|(count, before)| count.saturating_sub(*before)).collect(),
        })
    }

    fn whole(&self) -> PointChange {
        PointChange::Histogram(HistogramChange {
            count: self.count,
            sum: self.sum,
            bucket_counts: self.bucket_counts.clone(),
        })
    }
}

impl Exponential {
    /// The scale of a cumulative histogram only decreases.
    fn continues(&self, before: &Self) -> bool {
        self.count >= before.count && self.scale <= before.scale
    }

    fn since(&self, before: &Self) -> PointChange {
        let shift = before.scale.abs_diff(self.scale);
        PointChange::Exponential(ExponentialChange {
            count: self.count - before.count,
            sum: self.sum - before.sum,
            zero_count: self.zero_count.saturating_sub(before.zero_count),
            positive: self.positive.since(&before.positive, shift),
            negative: self.negative.since(&before.negative, shift),
        })
    }

    fn whole(&self) -> PointChange {
        PointChange::Exponential(ExponentialChange {
            count: self.count,
            sum: self.sum,
            zero_count: self.zero_count,
            positive: self.positive.counts.clone(),
            negative: self.negative.counts.clone(),
        })
    }
}

impl Buckets {
    fn new(buckets: &ExponentialBucket) -> Self {
        Self { offset: buckets.offset(), counts: buckets.counts().collect() }
    }

    /// Returns the changes of the counts. `before` has a scale that is larger by `shift`: each
    /// bucket of this scale contains 2^shift of its buckets.
    fn since(&self, before: &Self, shift: u8) -> Vec<u64> {
        let mut changes = self.counts.clone();
        for (index, count) in (i64::from(before.offset)..).zip(&before.counts) {
            let place = (index >> shift.min(63)) - i64::from(self.offset);
            if let Some(change) = usize::try_from(place).ok().and_then(|place| changes.get_mut(place)) {
                *change = change.saturating_sub(*count);
            }
        }
        changes
    }
}
