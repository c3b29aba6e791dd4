//! Exponential histograms in each format.

use std::{collections::BTreeMap, sync::Arc};

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::{
    Resource,
    metrics::{
        Aggregation, Instrument, ManualReader, SdkMeterProvider, Stream, data::ResourceMetrics,
        reader::MetricReader,
    },
};
use test_support::{
    http, page,
    page_protobuf::{self, proto},
    random::Random,
    require,
};
use tokio::sync::mpsc;

use super::{
    encoder::Encoder,
    page::PageWriter,
    page_format::{Escaping, Exposition, PageFormat},
};
use crate::{config::Prometheus, export::shared_reader::SharedReader};

const PROTOBUF: PageFormat = PageFormat { exposition: Exposition::Protobuf, escaping: Escaping::Underscores };

/// Returns the page of a histogram that has exponential buckets, and the sentences about what is
/// not on it. Each list of values is recorded in a meter of its own.
fn encoded(recorded: &[&[f64]], max_size: u32, format: PageFormat) -> (Vec<u8>, Vec<String>) {
    let reader = Arc::new(ManualReader::builder().build());
    let view = move |_: &Instrument| {
        let aggregation =
            Aggregation::Base2ExponentialHistogram { max_size, max_scale: 20, record_min_max: true };
        Stream::builder().with_aggregation(aggregation).build().ok()
    };
    let provider = SdkMeterProvider::builder()
        .with_resource(Resource::builder_empty().build())
        .with_reader(SharedReader(Arc::clone(&reader) as _))
        .with_view(view)
        .build();
    for (meter, values) in ["a", "b"].into_iter().zip(recorded) {
        let histogram = provider.meter(meter).f64_histogram("time").build();
        for value in *values {
            histogram.record(*value, &[]);
        }
    }
    let mut metrics = ResourceMetrics::default();
    reader.collect(&mut metrics).unwrap();
    let mut page = PageWriter::new(mpsc::unbounded_channel().0, false, true);
    // Points of different meters have the same labels.
    let config = Prometheus { scope_info: false, ..Prometheus::default() };
    let conflicts = Encoder::new(&config).encode(&metrics, format, &mut page).unwrap();
    (page.finish().unwrap().unwrap().concat(), conflicts)
}

fn exponential(values: &[f64], max_size: u32) -> String {
    let (page, conflicts) = encoded(&[values], max_size, PageFormat::DEFAULT);
    assert!(conflicts.is_empty());
    String::from_utf8(page).unwrap()
}

/// Returns the only histogram of a page.
fn native(page: &[u8]) -> proto::Histogram {
    let mut families = page_protobuf::families(page);
    assert_eq!((families.len(), families[0].metric.len()), (1, 1), "{families:?}");
    families.remove(0).metric.remove(0).histogram.unwrap()
}

/// Returns the counts of buckets that are not empty, by their index.
fn native_buckets(spans: &[proto::BucketSpan], deltas: &[i64]) -> BTreeMap<i32, i64> {
    let (mut index, mut count, mut deltas) = (0, 0, deltas.iter());
    let mut counts = BTreeMap::new();
    for span in spans {
        index += span.offset;
        for _ in 0..span.length {
            count += deltas.next().unwrap();
            counts.insert(index, count);
            index += 1;
        }
    }
    assert_eq!(deltas.next(), None);
    counts.retain(|_, count| *count > 0);
    counts
}

/// Returns the bounds and counts of the buckets.
fn buckets(page: &str) -> Vec<(f64, u64)> {
    let lines = page.lines().filter_map(|line| line.strip_prefix("time_bucket{le=\""));
    let bucket = |line: &str| {
        let (bound, count) = line.split_once("\"} ").unwrap();
        (bound.parse().unwrap(), count.parse().unwrap())
    };
    lines.map(bucket).collect()
}

#[test]
fn exponential_histogram_becomes_few_explicit_buckets() {
    let values: Vec<f64> =
        (0..2_000).map(|number| f64::from(number) * 1.37 - 300.0).chain([0.0, 0.0, 1e-9]).collect();
    let page = exponential(&values, 160);
    let buckets = buckets(&page);
    assert!(buckets.len() <= 42, "{page}");
    assert!(buckets.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1), "{page}");
    assert_eq!(buckets.last(), Some(&(f64::INFINITY, 2_003)));
    for (bound, count) in buckets.iter().filter(|(bound, _)| *bound > 0.0) {
        let expected = values.iter().filter(|value| *value <= bound).count() as u64;
        assert_eq!(*count, expected, "le {bound}");
    }
    assert!(page.contains("# TYPE time histogram\n") && page.contains("\ntime_count 2003\n"), "{page}");
}

/// Prometheus interpolates between the bounds of a bucket.
#[test]
fn first_exponential_bucket_has_a_lower_bound() {
    for (zeros, values) in [(0, [1000.0, 1001.0, 1002.0]), (2, [0.0, 0.0, 1000.0])] {
        let buckets = buckets(&exponential(&values, 160));
        let below = buckets.iter().rfind(|(bound, _)| *bound < 1000.0).unwrap();
        assert!(below.0 > 990.0 && below.1 == zeros, "{buckets:?}");
    }
}

/// Bounds may disappear when the range grows, but none moves.
#[test]
fn bounds_of_a_growing_exponential_histogram_stay() {
    let few = buckets(&exponential(&[1.1, 1.5, 2.7, 3.9], 160));
    let more = buckets(&exponential(&[1.1, 1.5, 2.7, 3.9, 900.0], 160));
    let bounds: Vec<f64> = few.iter().map(|(bound, _)| *bound).collect();
    let kept = more
        .iter()
        .filter(|(bound, _)| *bound < 3.9)
        .all(|(bound, _)| bounds.iter().any(|other| (other - bound).abs() < 1e-12) || *bound < 1.1);
    assert!(kept, "{few:?} {more:?}");
}

#[test]
fn extreme_exponential_histogram_has_legal_bounds() {
    for values in [&[1e300, 1e-300, 5e-324, -1e300][..], &[0.0], &[-1.0], &[f64::MAX, f64::MIN]] {
        let page = exponential(values, 2);
        let buckets = buckets(&page);
        assert!(buckets.windows(2).all(|pair| pair[0].0 < pair[1].0), "{page}");
        assert_eq!(buckets.last().unwrap().1, values.len() as u64, "{page}");
    }
}

/// The bucket `index` of a native histogram ends at `base^index`.
#[test]
fn native_histogram_has_the_values_of_its_buckets() {
    let mut random = Random::new(7);
    for (round, spread) in [0.01, 1.0, 30.0, 300.0].into_iter().cycle().take(40).enumerate() {
        let values: Vec<f64> = (0..500)
            .map(|_| {
                let exponent = f64::from(u16::try_from(random.below(10_000)).unwrap()) / 1e4 * spread;
                let value = if random.one_in(10) { 0.0 } else { exponent.exp2() * 0.7 };
                if random.one_in(4) { -value } else { value }
            })
            .collect();
        let (page, conflicts) = encoded(&[&values], 160, PROTOBUF);
        assert!(conflicts.is_empty());
        let histogram = native(&page);
        assert!((-4..=8).contains(&histogram.schema), "{histogram:?}");
        assert_eq!(histogram.sample_count, 500);
        assert!(
            (histogram.sample_sum - values.iter().sum::<f64>()).abs() < 1e-6 * histogram.sample_sum.abs()
        );
        assert_eq!(histogram.zero_count, values.iter().filter(|value| **value == 0.0).count() as u64);
        assert!(histogram.bucket.is_empty());
        let factor = f64::from(histogram.schema).exp2();
        for (sign, spans, deltas) in [
            (1.0, &histogram.positive_span, &histogram.positive_delta),
            (-1.0, &histogram.negative_span, &histogram.negative_delta),
        ] {
            let mut expected = BTreeMap::new();
            for value in values.iter().map(|value| value * sign).filter(|value| *value > 0.0) {
                #[expect(clippy::cast_possible_truncation, reason = "the index is a small integer")]
                let index = (value.log2() * factor).ceil() as i32;
                *expected.entry(index).or_insert(0) += 1;
            }
            assert_eq!(native_buckets(spans, deltas), expected, "{round}");
        }
    }
}

#[test]
fn histogram_of_zeros_is_a_native_one() {
    let histogram = native(&encoded(&[&[0.0, 0.0]], 160, PROTOBUF).0);
    assert_eq!((histogram.sample_count, histogram.zero_count), (2, 2));
    assert_eq!(histogram.positive_span, [proto::BucketSpan { offset: 0, length: 0 }]);
}

#[test]
fn native_histograms_of_equal_labels_are_added() {
    let histogram = native(&encoded(&[&[1.0, 1.001], &[1e6, -5.0]], 160, PROTOBUF).0);
    assert_eq!((histogram.sample_count, histogram.schema), (4, 2));
    let positive = native_buckets(&histogram.positive_span, &histogram.positive_delta);
    assert_eq!(positive, [(0, 1), (1, 1), (80, 1)].into());
    let (page, _) = encoded(&[&[1.0, 1.001], &[1e6, -5.0]], 160, PageFormat::DEFAULT);
    let page = page::samples(std::str::from_utf8(&page).unwrap());
    assert_eq!(page::of(&page, "time_count")[0].1.to_string(), "4");
}

#[test]
fn too_wide_histogram_is_only_on_text_pages() {
    let values: &[f64] = &[1e300, 1e-300];
    let (page, conflicts) = encoded(&[values], 2, PROTOBUF);
    assert!(page_protobuf::families(&page)[0].metric.is_empty());
    assert_eq!(
        conflicts,
        ["values of the histogram \"time\" are not on the Prometheus page in Protocol Buffers, because \
          their range needs wider buckets than a native histogram has"]
    );
    assert!(exponential(values, 2).contains("time_count 2\n"));
}

#[test]
fn quantiles_of_a_native_histogram_are_exact_to_a_bucket() {
    require!(Prometheus);
    let mut random = Random::new(3);
    let mut values: Vec<f64> =
        (0..10_000).map(|_| f64::from(u32::try_from(random.below(1_000_000)).unwrap()) / 1e3 + 0.5).collect();
    let (page, _) = encoded(&[&values], 160, PROTOBUF);
    let base = f64::from(-native(&page).schema).exp2().exp2();
    let address = http::serve(move || (PROTOBUF.content_type(), page.clone()));
    let prometheus = test_support::prometheus::Prometheus::scrape_native("native", &address.to_string());
    prometheus.wait("histogram_count(time)", "10000");
    values.sort_by(f64::total_cmp);
    for (quantile, at) in [("0.1", 1_000), ("0.5", 5_000), ("0.9", 9_000), ("0.99", 9_900)] {
        let exact = values[at - 1];
        let found = prometheus.number(&format!("histogram_quantile({quantile}, time)"));
        assert!(found / exact < base && exact / found < base, "{quantile}: {found}, not {exact}");
    }
    let sum = prometheus.number("histogram_sum(time)");
    assert!((sum / values.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{sum}");
}
