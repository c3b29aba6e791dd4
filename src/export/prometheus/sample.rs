//! The samples of a family as text.

use super::{
    buckets::Buckets,
    escaping::NameKind,
    label_text::push_name,
    number::{Number, push_canonical, push_f64},
    page_format::Syntax,
    points::PointValue,
};

/// Writes the samples of a family.
#[derive(Debug)]
pub(super) struct SampleWriter {
    name: SampleName,
    sum: SampleName,
    count: SampleName,
    /// The name of a bucket up to its labels, and the labels of the point.
    bucket: Vec<u8>,
    bucket_name: usize,
    has_canonical_bounds: bool,
    /// The bounds of the last histogram, and the text behind its other labels for each.
    bounds: Vec<f64>,
    bound_labels: Vec<Vec<u8>>,
    bucket_count: BucketCount,
}

/// The name of samples.
#[derive(Debug)]
pub(super) struct SampleName {
    /// The text before labels: `orders{`, or `{"shop.orders",`.
    open: Vec<u8>,
    /// A sample without labels ends the list that begins with its name.
    is_quoted: bool,
}

impl SampleName {
    /// `name` is in quotes if it needs them.
    fn new(name: &[u8], suffix: &str) -> Self {
        let (is_quoted, open) = match name.strip_suffix(b"\"") {
            Some(unended) => (true, [b"{", unended, suffix.as_bytes(), b"\","].concat()),
            None => (false, [name, suffix.as_bytes(), b"{"].concat()),
        };
        Self { open, is_quoted }
    }

    /// Appends one sample. Each of its `labels` ends with a comma.
    pub(super) fn push_line(&self, out: &mut Vec<u8>, labels: &[u8], number: Number) {
        if let Some((_comma, labels)) = labels.split_last() {
            out.extend_from_slice(&self.open);
            out.extend_from_slice(labels);
            out.push(b'}');
        } else {
            out.extend_from_slice(&self.open[..self.open.len() - 1]);
            if self.is_quoted {
                out.push(b'}');
            }
        }
        out.push(b' ');
        number.push(out);
        out.push(b'\n');
    }
}

impl SampleWriter {
    /// `syntax` is one of the text formats.
    pub(super) fn new(name: &str, syntax: Syntax) -> Self {
        let mut quoted = Vec::new();
        push_name(&mut quoted, name, NameKind::Metric);
        let bucket = SampleName::new(&quoted, "_bucket").open;
        Self {
            name: SampleName::new(&quoted, ""),
            sum: SampleName::new(&quoted, "_sum"),
            count: SampleName::new(&quoted, "_count"),
            bucket_name: bucket.len(),
            bucket,
            has_canonical_bounds: syntax == Syntax::OpenMetrics,
            bounds: Vec::new(),
            bound_labels: Vec::new(),
            bucket_count: BucketCount::default(),
        }
    }

    /// Appends the lines of a data point. Each of its `labels` ends with a comma.
    #[inline]
    pub(super) fn push(&mut self, out: &mut Vec<u8>, labels: &[u8], value: &PointValue<'_>) {
        match value {
            PointValue::Number(number) => self.name.push_line(out, labels, *number),
            PointValue::Histogram(buckets) => self.push_histogram(out, labels, buckets),
            PointValue::Exponential(histogram) => {
                self.push_histogram(out, labels, &Buckets::of_exponential(histogram));
            }
        }
    }

    fn push_histogram(&mut self, out: &mut Vec<u8>, labels: &[u8], buckets: &Buckets) {
        if self.bounds != buckets.bounds {
            self.bounds.clone_from(&buckets.bounds);
            self.bound_labels = self.bounds.iter().map(|bound| self.bound_label(*bound)).collect();
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
        self.sum.push_line(out, labels, buckets.sum);
        self.count.push_line(out, labels, Number::U64(buckets.count));
    }

    fn bound_label(&self, bound: f64) -> Vec<u8> {
        let mut label = b"le=\"".to_vec();
        if self.has_canonical_bounds {
            push_canonical(&mut label, bound);
        } else {
            push_f64(&mut label, bound);
        }
        label.extend_from_slice(b"\"} ");
        label
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
