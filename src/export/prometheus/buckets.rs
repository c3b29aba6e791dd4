//! Histograms as Prometheus knows them: a count for each upper bound.

use opentelemetry_sdk::metrics::data::HistogramDataPoint;

use super::{exponential::ExponentialHistogram, number::Number};

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

    /// Returns the buckets of an exponential histogram, with fewer of them.
    ///
    /// The bounds are powers of its base. As its scale decreases, some of them disappear, but none
    /// moves.
    pub(super) fn of_exponential(histogram: &ExponentialHistogram) -> Self {
        let mut buckets = Self { count: histogram.count, sum: histogram.sum, ..Self::default() };
        let mut negative = histogram.negative.clone();
        negative.reduce_count(MAX_EXPONENTIAL_BUCKETS);
        for (index, count) in negative.indexed().rev() {
            buckets.push(-negative.lower_bound(index), count);
        }
        if histogram.zero_count > 0 || !buckets.bounds.is_empty() {
            buckets.push(histogram.zero_threshold, histogram.zero_count);
        }
        let mut positive = histogram.positive.clone();
        positive.reduce_count(MAX_EXPONENTIAL_BUCKETS);
        // Prometheus assumes that the values of a bucket begin at the bound before it, or at 0.
        if !positive.counts.is_empty() {
            buckets.push(positive.lower_bound(positive.offset), 0);
        }
        for (index, count) in positive.indexed() {
            buckets.push(positive.lower_bound(index.saturating_add(1)), count);
        }
        buckets
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
