//! Histograms as Prometheus knows them: a count for each upper bound.

use opentelemetry_sdk::metrics::data::{
    ExponentialBucket, ExponentialHistogramDataPoint, HistogramDataPoint,
};

use super::number::Number;

/// The number of buckets that remain of each sign of an exponential histogram.
const MAX_EXPONENTIAL_BUCKETS: usize = 20;

/// The buckets of one data point.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Buckets {
    /// The upper bounds, in ascending order and finite, or `-Inf`.
    pub(super) bounds: Vec<f64>,
    /// The values up to each bound.
    pub(super) cumulative: Vec<u64>,
    pub(super) count: u64,
    pub(super) sum: Number,
}

impl Default for Buckets {
    fn default() -> Self {
        Self { bounds: Vec::new(), cumulative: Vec::new(), count: 0, sum: Number::U64(0) }
    }
}

impl Buckets {
    fn begin(&mut self, count: u64, sum: Number) {
        self.bounds.clear();
        self.cumulative.clear();
        self.count = count;
        self.sum = sum;
    }

    /// Appends a bucket with `count` values of its own.
    fn push(&mut self, bound: f64, count: u64) {
        let total = self.cumulative.last().copied().unwrap_or_default().saturating_add(count);
        match self.bounds.last() {
            // The bucket `+Inf` follows from the count.
            _ if bound.is_nan() || bound == f64::INFINITY => {}
            Some(last) if *last >= bound => {
                if let Some(last) = self.cumulative.last_mut() {
                    *last = total;
                }
            }
            _ => {
                self.bounds.push(bound);
                self.cumulative.push(total);
            }
        }
    }

    pub(super) fn read_explicit<T: Copy + Into<Number>>(&mut self, point: &HistogramDataPoint<T>) {
        if !point.bounds().eq(self.bounds.iter().copied()) {
            self.begin(point.count(), point.sum().into());
            for (bound, count) in point.bounds().zip(point.bucket_counts()) {
                self.push(bound, count);
            }
            return;
        }
        // Most points have the bounds of the point before, which need no further checks.
        self.count = point.count();
        self.sum = point.sum().into();
        let mut total: u64 = 0;
        for (cumulative, count) in self.cumulative.iter_mut().zip(point.bucket_counts()) {
            total = total.saturating_add(count);
            *cumulative = total;
        }
    }

    /// Reads an exponential histogram, with fewer buckets.
    ///
    /// The bounds are powers of its base. As its scale decreases, some of them disappear, but none
    /// moves.
    pub(super) fn read_exponential<T: Copy + Into<Number>>(
        &mut self,
        point: &ExponentialHistogramDataPoint<T>,
    ) {
        self.begin(u64::try_from(point.count()).unwrap_or(u64::MAX), point.sum().into());
        let negative = CoarseBuckets::new(point.negative_bucket(), point.scale());
        for (index, count) in negative.indexed().rev() {
            self.push(-negative.lower_bound(index), count);
        }
        if point.zero_count() > 0 || !self.bounds.is_empty() {
            self.push(point.zero_threshold(), point.zero_count());
        }
        let positive = CoarseBuckets::new(point.positive_bucket(), point.scale());
        // Prometheus assumes that the values of a bucket begin at the bound before it, or at 0.
        if !positive.counts.is_empty() {
            self.push(positive.lower_bound(positive.offset), 0);
        }
        for (index, count) in positive.indexed() {
            self.push(positive.lower_bound(index.saturating_add(1)), count);
        }
    }

    /// Adds the values of `other`. Returns `false` if it has other bounds.
    pub(super) fn add(&mut self, other: &Self) -> bool {
        if self.bounds != other.bounds {
            return false;
        }
        for (count, other) in self.cumulative.iter_mut().zip(&other.cumulative) {
            *count = count.saturating_add(*other);
        }
        self.count = self.count.saturating_add(other.count);
        self.sum = self.sum.add(other.sum);
        true
    }
}

/// The buckets of one sign, with so small a scale that few remain.
struct CoarseBuckets {
    scale: i32,
    /// The index of the first bucket.
    offset: i32,
    counts: Vec<u64>,
}

impl CoarseBuckets {
    fn new(buckets: &ExponentialBucket, scale: i8) -> Self {
        let (offset, counts) = (buckets.offset(), buckets.counts().collect());
        let mut coarse = Self { scale: scale.into(), offset, counts };
        while coarse.counts.len() > MAX_EXPONENTIAL_BUCKETS {
            coarse.halve();
        }
        coarse
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

    fn indexed(&self) -> impl DoubleEndedIterator<Item = (i32, u64)> {
        let index = |index: usize| self.offset.saturating_add(i32::try_from(index).unwrap_or(i32::MAX));
        self.counts.iter().enumerate().map(move |(at, count)| (index(at), *count))
    }

    /// Returns the lower bound of a bucket, `base^index`.
    fn lower_bound(&self, index: i32) -> f64 {
        (f64::from(index) * f64::from(-self.scale).exp2()).exp2()
    }
}
