//! Exponential histograms.

use opentelemetry_sdk::metrics::data::{ExponentialBucket, ExponentialHistogramDataPoint};

use super::number::Number;

/// The number of buckets of each sign to which a sum of two histograms is limited, unless one of
/// them has more.
const MAX_MERGED_BUCKETS: usize = 160;

/// An exponential histogram, as of one data point.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ExponentialHistogram {
    pub(super) count: u64,
    pub(super) sum: Number,
    /// The largest absolute value in the bucket of zero.
    pub(super) zero_threshold: f64,
    pub(super) zero_count: u64,
    pub(super) negative: ExponentialBuckets,
    pub(super) positive: ExponentialBuckets,
}

/// The buckets of one sign. The bucket `index` has the values above `base^index`, up to
/// `base^(index + 1)`, with the base `2^(2^-scale)`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ExponentialBuckets {
    pub(super) scale: i32,
    /// The index of the first bucket.
    pub(super) offset: i32,
    pub(super) counts: Vec<u64>,
}

impl ExponentialHistogram {
    pub(super) fn new<T: Copy + Into<Number>>(point: &ExponentialHistogramDataPoint<T>) -> Self {
        Self {
            count: u64::try_from(point.count()).unwrap_or(u64::MAX),
            sum: point.sum().into(),
            zero_threshold: point.zero_threshold(),
            zero_count: point.zero_count(),
            negative: ExponentialBuckets::new(point.negative_bucket(), point.scale()),
            positive: ExponentialBuckets::new(point.positive_bucket(), point.scale()),
        }
    }

    /// Adds the values of `other`. The scale decreases until both have the same buckets.
    pub(super) fn add(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.sum = self.sum.add(other.sum);
        self.zero_threshold = self.zero_threshold.max(other.zero_threshold);
        self.zero_count = self.zero_count.saturating_add(other.zero_count);
        self.negative.add(&other.negative);
        self.positive.add(&other.positive);
        let scale = self.negative.scale.min(self.positive.scale);
        self.negative.reduce_scale(scale);
        self.positive.reduce_scale(scale);
    }

    /// Returns the scale, which is the same for both signs.
    pub(super) fn scale(&self) -> i32 {
        self.positive.scale
    }

    /// Merges buckets until the scale is at most `scale`.
    pub(super) fn reduce_scale(&mut self, scale: i32) {
        self.negative.reduce_scale(scale);
        self.positive.reduce_scale(scale);
    }
}

impl ExponentialBuckets {
    fn new(buckets: &ExponentialBucket, scale: i8) -> Self {
        Self { scale: scale.into(), offset: buckets.offset(), counts: buckets.counts().collect() }
    }

    /// Merges buckets until the scale is at most `scale`.
    fn reduce_scale(&mut self, scale: i32) {
        while self.scale > scale {
            self.halve();
        }
    }

    /// Merges buckets until there are at most `count`.
    pub(super) fn reduce_count(&mut self, count: usize) {
        while self.counts.len() > count {
            self.halve();
        }
    }

    /// Merges each pair of buckets. The first bucket of a pair has an even index.
    fn halve(&mut self) {
        let lone = usize::from(self.offset.rem_euclid(2) == 1).min(self.counts.len());
        let (first, pairs) = self.counts.split_at(lone);
        let pairs =
            pairs.chunks(2).map(|pair| pair.iter().fold(0, |sum: u64, count| sum.saturating_add(*count)));
        self.counts = first.iter().copied().chain(pairs).collect();
        self.offset = self.offset.div_euclid(2);
        self.scale -= 1;
    }

    fn add(&mut self, other: &Self) {
        let mut other = other.clone();
        let max = MAX_MERGED_BUCKETS.max(self.counts.len()).max(other.counts.len());
        self.reduce_scale(other.scale);
        other.reduce_scale(self.scale);
        if other.counts.is_empty() {
            return;
        }
        if self.counts.is_empty() {
            *self = other;
            return;
        }
        while self.span(&other) > max {
            self.halve();
            other.halve();
        }
        let offset = self.offset.min(other.offset);
        let mut counts = vec![0_u64; self.span(&other)];
        for buckets in [&*self, &other] {
            let from = usize::try_from(buckets.offset - offset).unwrap_or_default();
            for (sum, count) in counts[from..].iter_mut().zip(&buckets.counts) {
                *sum = sum.saturating_add(*count);
            }
        }
        (self.offset, self.counts) = (offset, counts);
    }

    /// Returns the number of buckets from the first to the last one of both.
    fn span(&self, other: &Self) -> usize {
        let end =
            |buckets: &Self| i64::from(buckets.offset) + i64::try_from(buckets.counts.len()).unwrap_or(0);
        let span = end(self).max(end(other)) - i64::from(self.offset.min(other.offset));
        usize::try_from(span).unwrap_or(usize::MAX)
    }

    /// Returns the indexes and counts.
    pub(super) fn indexed(&self) -> impl DoubleEndedIterator<Item = (i32, u64)> {
        let index = |index: usize| self.offset.saturating_add(i32::try_from(index).unwrap_or(i32::MAX));
        self.counts.iter().enumerate().map(move |(at, count)| (index(at), *count))
    }

    /// Returns the lower bound of a bucket, `base^index`.
    pub(super) fn lower_bound(&self, index: i32) -> f64 {
        (f64::from(index) * f64::from(-self.scale).exp2()).exp2()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(scale: i32, offset: i32, counts: &[u64]) -> ExponentialBuckets {
        ExponentialBuckets { scale, offset, counts: counts.to_vec() }
    }

    #[test]
    fn sums_have_the_smaller_scale() {
        let mut sum = buckets(1, -3, &[1, 2, 3, 4]);
        sum.add(&buckets(0, 0, &[10, 20]));
        assert_eq!(sum, buckets(0, -2, &[1, 5, 14, 20]));
        sum.add(&buckets(-1, 5, &[]));
        assert_eq!(sum, buckets(-1, -1, &[6, 34]));
        let mut empty = buckets(3, 7, &[]);
        empty.add(&sum);
        assert_eq!(empty, sum);
    }

    #[test]
    fn sums_of_distant_buckets_stay_small() {
        let mut sum = buckets(20, i32::MAX - 1, &[1]);
        sum.add(&buckets(20, i32::MIN, &[2]));
        assert!(sum.counts.len() <= MAX_MERGED_BUCKETS);
        assert_eq!(sum.counts.iter().sum::<u64>(), 3);
    }
}
