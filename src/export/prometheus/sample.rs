//! The lines of one family.

use super::{
    buckets::Buckets,
    number::{Number, push_f64},
    points::PointValue,
};

/// Writes the samples of a family.
#[derive(Debug)]
pub(super) struct SampleWriter {
    name: Vec<u8>,
    sum: Vec<u8>,
    count: Vec<u8>,
    /// The name and the brace of a bucket, and the labels of the point.
    bucket: Vec<u8>,
    bucket_name: usize,
    /// The bounds of the last histogram, and the text behind its other labels for each.
    bounds: Vec<f64>,
    bound_labels: Vec<Vec<u8>>,
    bucket_count: BucketCount,
}

impl SampleWriter {
    pub(super) fn new(name: &str) -> Self {
        let bucket = format!("{name}_bucket{{").into_bytes();
        Self {
            name: name.into(),
            sum: format!("{name}_sum").into(),
            count: format!("{name}_count").into(),
            bucket_name: bucket.len(),
            bucket,
            bounds: Vec::new(),
            bound_labels: Vec::new(),
            bucket_count: BucketCount::default(),
        }
    }

    /// Appends the lines of a data point. Each of its `labels` ends with a comma.
    pub(super) fn push(&mut self, out: &mut Vec<u8>, labels: &[u8], value: &PointValue<'_>) {
        match value {
            PointValue::Number(number) => push_line(out, &self.name, labels, *number),
            PointValue::Histogram(buckets) => self.push_histogram(out, labels, buckets),
        }
    }

    fn push_histogram(&mut self, out: &mut Vec<u8>, labels: &[u8], buckets: &Buckets) {
        if self.bounds != buckets.bounds {
            self.bounds.clone_from(&buckets.bounds);
            self.bound_labels = self.bounds.iter().map(|bound| bound_label(*bound)).collect();
        }
        self.bucket.truncate(self.bucket_name);
        self.bucket.extend_from_slice(labels);
        let infinity = (&b"le=\"+Inf\"} "[..], &buckets.count);
        let finite = self.bound_labels.iter().map(Vec::as_slice).zip(&buckets.cumulative);
        for (label, count) in finite.chain([infinity]) {
            out.extend_from_slice(&self.bucket);
            out.extend_from_slice(label);
            out.extend_from_slice(self.bucket_count.line_end(*count));
        }
        push_line(out, &self.sum, labels, buckets.sum);
        push_line(out, &self.count, labels, Number::U64(buckets.count));
    }
}

/// The text of the count of a bucket. Most buckets of a histogram have the count of the one before.
#[derive(Debug, Default)]
struct BucketCount {
    count: u64,
    line_end: Vec<u8>,
}

impl BucketCount {
    fn line_end(&mut self, count: u64) -> &[u8] {
        if self.count != count || self.line_end.is_empty() {
            self.count = count;
            self.line_end.clear();
            Number::U64(count).push(&mut self.line_end);
            self.line_end.push(b'\n');
        }
        &self.line_end
    }
}

fn bound_label(bound: f64) -> Vec<u8> {
    let mut label = b"le=\"".to_vec();
    push_f64(&mut label, bound);
    label.extend_from_slice(b"\"} ");
    label
}

/// Appends one sample.
pub(super) fn push_line(out: &mut Vec<u8>, name: &[u8], labels: &[u8], number: Number) {
    out.extend_from_slice(name);
    if let Some((_comma, labels)) = labels.split_last() {
        out.push(b'{');
        out.extend_from_slice(labels);
        out.push(b'}');
    }
    out.push(b' ');
    number.push(out);
    out.push(b'\n');
}
