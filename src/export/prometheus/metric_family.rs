//! Families in Protocol Buffers, as in `io/prometheus/client/metrics.proto` of Prometheus.

use super::{
    buckets::Buckets,
    escape::without_zeros,
    exponential::{ExponentialBuckets, ExponentialHistogram},
    family_head::FamilyHead,
    kind::FamilyType,
    page::{Mark, PageWriter},
    points::PointValue,
};
use crate::export::message_buffer::MessageBuffer;

/// The scales of native histograms.
const MAX_SCALE: i32 = 8;
const MIN_SCALE: i32 = -4;

/// The fields of a `MetricFamily`.
mod family_field {
    pub(super) const NAME: u32 = 1;
    pub(super) const HELP: u32 = 2;
    pub(super) const TYPE: u32 = 3;
    pub(super) const METRIC: u32 = 4;
    pub(super) const UNIT: u32 = 5;
}

/// The fields of a `Metric`.
mod metric_field {
    pub(super) const GAUGE: u32 = 2;
    pub(super) const COUNTER: u32 = 3;
    pub(super) const HISTOGRAM: u32 = 7;
}

/// The field of a `Gauge` or a `Counter`.
const VALUE: u32 = 1;

/// The fields of a `Histogram`.
mod histogram_field {
    pub(super) const SAMPLE_COUNT: u32 = 1;
    pub(super) const SAMPLE_SUM: u32 = 2;
    pub(super) const BUCKET: u32 = 3;
    pub(super) const SCHEMA: u32 = 5;
    pub(super) const ZERO_THRESHOLD: u32 = 6;
    pub(super) const ZERO_COUNT: u32 = 7;
    pub(super) const NEGATIVE_SPAN: u32 = 9;
    pub(super) const NEGATIVE_DELTA: u32 = 10;
    pub(super) const POSITIVE_SPAN: u32 = 12;
    pub(super) const POSITIVE_DELTA: u32 = 13;
}

/// The fields of a `Bucket`.
mod bucket_field {
    pub(super) const CUMULATIVE_COUNT: u32 = 1;
    pub(super) const UPPER_BOUND: u32 = 2;
}

/// The fields of a `BucketSpan`.
mod span_field {
    pub(super) const OFFSET: u32 = 1;
    pub(super) const LENGTH: u32 = 2;
}

/// The number of bytes that the length of a family takes, up to 32 GiB.
const LENGTH_BYTES: usize = 5;

/// Writes a family, behind its length.
#[derive(Debug)]
pub(super) struct FamilyMessage {
    start: Mark,
    family_type: FamilyType,
}

impl FamilyMessage {
    /// Begins a family. Its length follows in [`end`](Self::end).
    pub(super) fn begin(page: &mut PageWriter, head: &FamilyHead<'_>, family_type: FamilyType) -> Self {
        let start = page.mark();
        page.current.extend_from_slice(&[0; LENGTH_BYTES]);
        append(&mut page.current, |message| {
            message.bytes(family_field::NAME, head.name.as_bytes());
            if !head.help.is_empty() {
                message.bytes(family_field::HELP, without_zeros(head.help).as_bytes());
            }
            let type_number = match family_type {
                FamilyType::Counter => 0,
                FamilyType::Gauge => 1,
                FamilyType::Histogram => 4,
            };
            message.uint64(family_field::TYPE, type_number);
            if !head.unit.is_empty() {
                message.bytes(family_field::UNIT, head.unit.as_bytes());
            }
        });
        Self { start, family_type }
    }

    /// Writes the length.
    pub(super) fn end(self, page: &mut PageWriter) {
        let mut length = page.len_since(self.start) - LENGTH_BYTES;
        // A number may have more bytes than it needs.
        let mut bytes = [0x80; LENGTH_BYTES];
        bytes[LENGTH_BYTES - 1] = 0;
        for byte in &mut bytes {
            *byte |= u8::try_from(length & 0x7f).unwrap_or_default();
            length >>= 7;
        }
        page.overwrite(self.start, &bytes);
    }

    /// Appends a data point. Returns `false` if it cannot be shown: the buckets of an exponential
    /// histogram can be wider than those of a native histogram.
    // Text is the usual format, so its code stays together.
    #[inline(never)]
    pub(super) fn push(&self, out: &mut Vec<u8>, labels: &[u8], value: &PointValue<'_>) -> bool {
        if matches!(value, PointValue::Exponential(histogram) if histogram.scale() < MIN_SCALE) {
            return false;
        }
        append(out, |message| {
            let metric = message.begin(family_field::METRIC);
            message.push(labels);
            let field = match self.family_type {
                FamilyType::Counter => metric_field::COUNTER,
                FamilyType::Gauge => metric_field::GAUGE,
                FamilyType::Histogram => metric_field::HISTOGRAM,
            };
            let start = message.begin(field);
            match value {
                PointValue::Number(number) => message.double(VALUE, number.to_f64()),
                PointValue::Histogram(buckets) => push_classic(message, buckets),
                PointValue::Exponential(histogram) => push_native(message, histogram),
            }
            message.end(start);
            message.end(metric);
        });
        true
    }
}

fn append(out: &mut Vec<u8>, write: impl FnOnce(&mut MessageBuffer)) {
    let mut message = MessageBuffer::new(std::mem::take(out));
    write(&mut message);
    *out = message.into_bytes();
}

fn push_classic(message: &mut MessageBuffer, buckets: &Buckets) {
    message.uint64(histogram_field::SAMPLE_COUNT, buckets.count);
    message.double(histogram_field::SAMPLE_SUM, buckets.sum.to_f64());
    let infinity = (&f64::INFINITY, &buckets.count);
    for (bound, count) in buckets.bounds.iter().zip(&buckets.cumulative).chain([infinity]) {
        let bucket = message.begin(histogram_field::BUCKET);
        message.uint64(bucket_field::CUMULATIVE_COUNT, *count);
        message.double(bucket_field::UPPER_BOUND, *bound);
        message.end(bucket);
    }
}

fn push_native(message: &mut MessageBuffer, histogram: &ExponentialHistogram) {
    let mut histogram = histogram.clone();
    histogram.reduce_scale(MAX_SCALE);
    message.uint64(histogram_field::SAMPLE_COUNT, histogram.count);
    message.double(histogram_field::SAMPLE_SUM, histogram.sum.to_f64());
    message.sint32(histogram_field::SCHEMA, histogram.scale());
    message.double(histogram_field::ZERO_THRESHOLD, histogram.zero_threshold);
    message.uint64(histogram_field::ZERO_COUNT, histogram.zero_count);
    let [negative, positive] = [&histogram.negative, &histogram.positive];
    push_buckets(message, [histogram_field::NEGATIVE_SPAN, histogram_field::NEGATIVE_DELTA], negative);
    // A histogram without any span is not a native one.
    if negative.counts.is_empty() || !positive.counts.is_empty() {
        push_buckets(message, [histogram_field::POSITIVE_SPAN, histogram_field::POSITIVE_DELTA], positive);
        if positive.counts.is_empty() {
            push_span(message, histogram_field::POSITIVE_SPAN, 0, 0);
        }
    }
}

fn push_buckets(message: &mut MessageBuffer, [span, delta]: [u32; 2], buckets: &ExponentialBuckets) {
    if buckets.counts.is_empty() {
        return;
    }
    // The bucket `index` of Prometheus ends at `base^index`.
    push_span(message, span, buckets.offset.saturating_add(1), buckets.counts.len() as u64);
    let mut before = 0;
    message.packed(delta, buckets.counts.iter(), |message, count| {
        let delta = count.wrapping_sub(before).cast_signed();
        before = *count;
        message.varint((delta << 1 ^ delta >> 63).cast_unsigned());
    });
}

fn push_span(message: &mut MessageBuffer, field: u32, offset: i32, length: u64) {
    let span = message.begin(field);
    message.sint32(span_field::OFFSET, offset);
    message.uint64(span_field::LENGTH, length);
    message.end(span);
}
