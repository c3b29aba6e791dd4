//! Data points of metrics, and their exemplars.

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::data::{
    Exemplar, ExponentialBucket, ExponentialHistogramDataPoint, HistogramDataPoint,
};

use super::{
    attributes::{DATA_POINT, write_attributes},
    change::{ExponentialChange, HistogramChange},
    number::{Number, WireNumber},
    time::{Times, unix_nanos},
    writer::{Field, Writer},
};

const NUMBER_START_TIME: Field = Field::new(2, "startTimeUnixNano");
const NUMBER_TIME: Field = Field::new(3, "timeUnixNano");
const NUMBER_AS_DOUBLE: Field = Field::new(4, "asDouble");
const NUMBER_EXEMPLARS: Field = Field::new(5, "exemplars");
const NUMBER_AS_INT: Field = Field::new(6, "asInt");
const NUMBER_ATTRIBUTES: Field = Field::new(7, "attributes");

const HISTOGRAM_START_TIME: Field = Field::new(2, "startTimeUnixNano");
const HISTOGRAM_TIME: Field = Field::new(3, "timeUnixNano");
const HISTOGRAM_COUNT: Field = Field::new(4, "count");
const HISTOGRAM_SUM: Field = Field::new(5, "sum");
const HISTOGRAM_BUCKET_COUNTS: Field = Field::new(6, "bucketCounts");
const HISTOGRAM_EXPLICIT_BOUNDS: Field = Field::new(7, "explicitBounds");
const HISTOGRAM_EXEMPLARS: Field = Field::new(8, "exemplars");
const HISTOGRAM_ATTRIBUTES: Field = Field::new(9, "attributes");
const HISTOGRAM_MIN: Field = Field::new(11, "min");
const HISTOGRAM_MAX: Field = Field::new(12, "max");

const EXPONENTIAL_ATTRIBUTES: Field = Field::new(1, "attributes");
const EXPONENTIAL_START_TIME: Field = Field::new(2, "startTimeUnixNano");
const EXPONENTIAL_TIME: Field = Field::new(3, "timeUnixNano");
const EXPONENTIAL_COUNT: Field = Field::new(4, "count");
const EXPONENTIAL_SUM: Field = Field::new(5, "sum");
const EXPONENTIAL_SCALE: Field = Field::new(6, "scale");
const EXPONENTIAL_ZERO_COUNT: Field = Field::new(7, "zeroCount");
const EXPONENTIAL_POSITIVE: Field = Field::new(8, "positive");
const EXPONENTIAL_NEGATIVE: Field = Field::new(9, "negative");
const EXPONENTIAL_EXEMPLARS: Field = Field::new(11, "exemplars");
const EXPONENTIAL_MIN: Field = Field::new(12, "min");
const EXPONENTIAL_MAX: Field = Field::new(13, "max");
const EXPONENTIAL_ZERO_THRESHOLD: Field = Field::new(14, "zeroThreshold");

const BUCKETS_OFFSET: Field = Field::new(1, "offset");
const BUCKETS_COUNTS: Field = Field::new(2, "bucketCounts");

const EXEMPLAR_TIME: Field = Field::new(2, "timeUnixNano");
const EXEMPLAR_AS_DOUBLE: Field = Field::new(3, "asDouble");
const EXEMPLAR_SPAN_ID: Field = Field::new(4, "spanId");
const EXEMPLAR_TRACE_ID: Field = Field::new(5, "traceId");
const EXEMPLAR_AS_INT: Field = Field::new(6, "asInt");
const EXEMPLAR_FILTERED_ATTRIBUTES: Field = Field::new(7, "filteredAttributes");

fn write_number<W: Writer>(w: &mut W, as_int: Field, as_double: Field, number: WireNumber) {
    match number {
        WireNumber::Int(value) => w.sfixed64(as_int, value),
        WireNumber::Double(value) => w.double(as_double, value),
    }
}

/// Writes the fields of a `NumberDataPoint`.
pub(super) fn write_number_point<'a, T: Number + 'a, W: Writer>(
    w: &mut W,
    times: Times,
    value: WireNumber,
    attributes: impl Iterator<Item = &'a KeyValue>,
    exemplars: impl Iterator<Item = &'a Exemplar<T>>,
) {
    w.fixed64_if_any(NUMBER_START_TIME, times.start);
    w.fixed64(NUMBER_TIME, times.end);
    write_number(w, NUMBER_AS_INT, NUMBER_AS_DOUBLE, value);
    w.list_if_any(NUMBER_EXEMPLARS, exemplars, write_exemplar);
    write_attributes(w, NUMBER_ATTRIBUTES, DATA_POINT, attributes);
}

/// Writes the fields of a `HistogramDataPoint`, or those of its `change`.
pub(super) fn write_histogram_point<T: Number, W: Writer>(
    w: &mut W,
    times: Times,
    point: &HistogramDataPoint<T>,
    change: Option<&HistogramChange>,
) {
    w.fixed64_if_any(HISTOGRAM_START_TIME, times.start);
    w.fixed64(HISTOGRAM_TIME, times.end);
    w.fixed64_if_any(HISTOGRAM_COUNT, change.map_or(point.count(), |change| change.count));
    w.double(HISTOGRAM_SUM, change.map_or(point.sum().to_f64(), |change| change.sum));
    match change {
        Some(change) => w.fixed64_list(HISTOGRAM_BUCKET_COUNTS, change.bucket_counts.iter().copied()),
        None => w.fixed64_list(HISTOGRAM_BUCKET_COUNTS, point.bucket_counts()),
    }
    w.double_list(HISTOGRAM_EXPLICIT_BOUNDS, point.bounds());
    w.list_if_any(HISTOGRAM_EXEMPLARS, point.exemplars(), write_exemplar);
    write_attributes(w, HISTOGRAM_ATTRIBUTES, DATA_POINT, point.attributes());
    if let Some(min) = point.min().filter(|_| change.is_none()) {
        w.double(HISTOGRAM_MIN, min.to_f64());
    }
    if let Some(max) = point.max().filter(|_| change.is_none()) {
        w.double(HISTOGRAM_MAX, max.to_f64());
    }
}

/// Writes the fields of an `ExponentialHistogramDataPoint`, or those of its `change`.
pub(super) fn write_exponential_histogram_point<T: Number, W: Writer>(
    w: &mut W,
    times: Times,
    point: &ExponentialHistogramDataPoint<T>,
    change: Option<&ExponentialChange>,
) {
    write_attributes(w, EXPONENTIAL_ATTRIBUTES, DATA_POINT, point.attributes());
    w.fixed64_if_any(EXPONENTIAL_START_TIME, times.start);
    w.fixed64(EXPONENTIAL_TIME, times.end);
    w.fixed64_if_any(EXPONENTIAL_COUNT, change.map_or(point.count() as u64, |change| change.count));
    w.double(EXPONENTIAL_SUM, change.map_or(point.sum().to_f64(), |change| change.sum));
    if point.scale() != 0 {
        w.sint32(EXPONENTIAL_SCALE, point.scale().into());
    }
    w.fixed64_if_any(EXPONENTIAL_ZERO_COUNT, change.map_or(point.zero_count(), |change| change.zero_count));
    let positive = change.map(|change| change.positive.as_slice());
    w.message(EXPONENTIAL_POSITIVE, |w| write_buckets(w, point.positive_bucket(), positive));
    let negative = change.map(|change| change.negative.as_slice());
    w.message(EXPONENTIAL_NEGATIVE, |w| write_buckets(w, point.negative_bucket(), negative));
    w.list_if_any(EXPONENTIAL_EXEMPLARS, point.exemplars(), write_exemplar);
    if let Some(min) = point.min().filter(|_| change.is_none()) {
        w.double(EXPONENTIAL_MIN, min.to_f64());
    }
    if let Some(max) = point.max().filter(|_| change.is_none()) {
        w.double(EXPONENTIAL_MAX, max.to_f64());
    }
    if point.zero_threshold() != 0.0 {
        w.double(EXPONENTIAL_ZERO_THRESHOLD, point.zero_threshold());
    }
}

fn write_buckets<W: Writer>(w: &mut W, buckets: &ExponentialBucket, changes: Option<&[u64]>) {
    if buckets.offset() != 0 {
        w.sint32(BUCKETS_OFFSET, buckets.offset());
    }
    match changes {
        Some(counts) => w.uint64_list(BUCKETS_COUNTS, counts.iter().copied()),
        None => w.uint64_list(BUCKETS_COUNTS, buckets.counts()),
    }
}

fn write_exemplar<T: Number, W: Writer>(w: &mut W, exemplar: &Exemplar<T>) {
    w.fixed64(EXEMPLAR_TIME, unix_nanos(exemplar.time()));
    write_number(w, EXEMPLAR_AS_INT, EXEMPLAR_AS_DOUBLE, exemplar.value.to_wire());
    w.id(EXEMPLAR_SPAN_ID, *exemplar.span_id());
    w.id(EXEMPLAR_TRACE_ID, *exemplar.trace_id());
    write_attributes(w, EXEMPLAR_FILTERED_ATTRIBUTES, DATA_POINT, exemplar.filtered_attributes());
}
