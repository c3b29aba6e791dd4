//! Compares the changes with the differences that the SDK computes.

use std::{collections::BTreeMap, sync::Arc};

use opentelemetry::{
    KeyValue,
    metrics::{Histogram, Meter, MeterProvider as _},
};
use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    metrics::v1::{exponential_histogram_data_point::Buckets, metric::Data, number_data_point::Value},
};
use opentelemetry_sdk::metrics::{
    Aggregation, Instrument, ManualReader, SdkMeterProvider, Stream, Temporality, data::ResourceMetrics,
    reader::MetricReader,
};
use prost::Message as _;
use test_support::random::Random;

use super::DeltaState;
use crate::export::{
    otlp::encode::{EncodedItems, to_protobuf},
    shared_reader::SharedReader,
};

/// The instruments of a meter, and its reader.
struct Recording {
    reader: Arc<ManualReader>,
    _provider: SdkMeterProvider,
    meter: Meter,
    histograms: [Histogram<f64>; 2],
}

impl Recording {
    fn new(temporality: Temporality) -> Self {
        let reader = Arc::new(ManualReader::builder().with_temporality(temporality).build());
        let exponential = |instrument: &Instrument| {
            let aggregation =
                Aggregation::Base2ExponentialHistogram { max_size: 8, max_scale: 4, record_min_max: true };
            let stream = Stream::builder().with_aggregation(aggregation).build().ok();
            stream.filter(|_| instrument.name() == "exponential")
        };
        let provider = SdkMeterProvider::builder()
            .with_reader(SharedReader(Arc::clone(&reader) as _))
            .with_view(exponential)
            .build();
        let meter = provider.meter("shop");
        let histograms = ["explicit", "exponential"].map(|name| meter.f64_histogram(name).build());
        Self { reader, _provider: provider, meter, histograms }
    }

    fn record(&self, value: u32, set: &[KeyValue]) {
        let (float, integer) = (f64::from(value), u64::from(value));
        self.meter.u64_counter("u64").build().add(integer, set);
        self.meter.f64_counter("f64").build().add(float, set);
        self.meter.i64_up_down_counter("up.down").build().add(i64::from(value) - 5, set);
        self.meter.i64_gauge("gauge").build().record(i64::from(value), set);
        self.histograms[0].record(float, set);
        self.histograms[1].record(float - 3.0, set);
    }

    fn collect(&self) -> ResourceMetrics {
        let mut metrics = ResourceMetrics::default();
        self.reader.collect(&mut metrics).unwrap();
        metrics
    }
}

/// Returns the text of each data point by its metric and attributes, without times, minimum and
/// maximum.
fn points(request: &ExportMetricsServiceRequest) -> BTreeMap<String, String> {
    let mut points = BTreeMap::new();
    let metrics = request.resource_metrics.iter().flat_map(|it| &it.scope_metrics).flat_map(|it| &it.metrics);
    for metric in metrics {
        let mut add = |attributes: &dyn std::fmt::Debug, value: String| {
            assert!(points.insert(format!("{} {attributes:?}", metric.name), value).is_none());
        };
        match metric.data.as_ref().unwrap() {
            Data::Gauge(data) => {
                for point in &data.data_points {
                    add(&point.attributes, format!("{:?}", point.value));
                }
            }
            Data::Sum(data) => {
                for point in &data.data_points {
                    let is_delta = data.aggregation_temporality == 1;
                    // The SDK also reports sums without a change, if zero was added.
                    let is_zero = matches!(point.value, Some(Value::AsInt(0)))
                        || point.value == Some(Value::AsDouble(0.0));
                    if !(is_delta && is_zero) {
                        add(&point.attributes, format!("{is_delta} {:?}", point.value));
                    }
                }
            }
            Data::Histogram(data) => {
                for point in &data.data_points {
                    assert_eq!(data.aggregation_temporality, 1);
                    add(
                        &point.attributes,
                        format!("{} {:?} {:?}", point.count, point.sum, point.bucket_counts),
                    );
                }
            }
            Data::ExponentialHistogram(data) => {
                for point in &data.data_points {
                    assert_eq!(data.aggregation_temporality, 1);
                    let buckets =
                        [&point.positive, &point.negative].map(|it| indexed(it.as_ref(), point.scale));
                    add(
                        &point.attributes,
                        format!("{} {:?} {} {buckets:?}", point.count, point.sum, point.zero_count),
                    );
                }
            }
            Data::Summary(_) => unreachable!(),
        }
    }
    points
}

/// Returns the counts by the index at the scale -4, to which histograms of any scale can be merged.
fn indexed(buckets: Option<&Buckets>, scale: i32) -> BTreeMap<i32, u64> {
    let mut merged = BTreeMap::new();
    for (position, count) in buckets.into_iter().flat_map(|it| it.bucket_counts.iter().enumerate()) {
        let index = buckets.unwrap().offset + i32::try_from(position).unwrap();
        if *count > 0 {
            *merged.entry(index >> (scale + 4)).or_default() += count;
        }
    }
    merged
}

fn decoded(EncodedItems { requests, .. }: &EncodedItems) -> ExportMetricsServiceRequest {
    match requests.as_slice() {
        [] => ExportMetricsServiceRequest::default(),
        [request] => ExportMetricsServiceRequest::decode(request.body.as_slice()).unwrap(),
        _ => panic!("more than one request"),
    }
}

#[test]
fn changes_equal_the_differences_of_the_sdk() {
    let mut random = Random::new(7);
    for _ in 0..20 {
        let (cumulative, delta) =
            (Recording::new(Temporality::Cumulative), Recording::new(Temporality::Delta));
        let mut state = DeltaState::default();
        let mut total = 0;
        for _ in 0..12 {
            for _ in 0..random.below(12) {
                let set =
                    [KeyValue::new("a", random.below(4).to_string()), KeyValue::new("b", random.one_in(2))];
                let value = u32::try_from(random.below(1_000) >> random.below(10)).unwrap();
                let kept = if random.one_in(9) { 1 } else { 2 };
                for recording in [&cumulative, &delta] {
                    recording.record(value, &set[..kept]);
                }
            }
            let metrics = cumulative.collect();
            let items = state.advance(&metrics);
            let ours = decoded(&to_protobuf(
                4 << 20,
                0,
                metrics.resource(),
                items.iter().map(|(scope, it)| (*scope, it)),
            ));
            let expected = ExportMetricsServiceRequest::from(&delta.collect());
            // Gauges and up-down counters are as they are in both.
            let of_changes = |points: BTreeMap<String, String>| -> BTreeMap<_, _> {
                points.into_iter().filter(|(name, _)| !name.starts_with("gauge")).collect()
            };
            let (ours, expected) = (of_changes(points(&ours)), of_changes(points(&expected)));
            total += ours.len();
            assert_eq!(ours, expected);
        }
        assert!(total > 0);
    }
}

#[test]
fn interval_of_a_change_begins_at_the_previous_collection() {
    let recording = Recording::new(Temporality::Cumulative);
    let mut state = DeltaState::default();
    let mut ends = Vec::new();
    for _ in 0..3 {
        recording.record(9, &[]);
        let metrics = recording.collect();
        let items = state.advance(&metrics);
        let request = decoded(&to_protobuf(
            4 << 20,
            0,
            metrics.resource(),
            items.iter().map(|(scope, it)| (*scope, it)),
        ));
        let all = &request.resource_metrics[0].scope_metrics[0].metrics;
        let metric = all.iter().find(|metric| metric.name == "u64").unwrap();
        let Some(Data::Sum(sum)) = &metric.data else { panic!() };
        let [point] = &*sum.data_points else { panic!() };
        assert_eq!(point.value, Some(Value::AsInt(9)));
        if let Some(end) = ends.last() {
            assert_eq!(point.start_time_unix_nano, *end);
        }
        ends.push(point.time_unix_nano);
    }
}
