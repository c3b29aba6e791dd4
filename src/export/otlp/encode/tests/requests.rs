//! The division of items into requests, and the shortening of texts.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use opentelemetry::{
    InstrumentationScope, KeyValue,
    logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _},
    metrics::MeterProvider as _,
};
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    metrics::v1::metric::Data,
};
use opentelemetry_sdk::{
    Resource,
    logs::{SdkLogRecord, SdkLoggerProvider},
    metrics::{Instrument, ManualReader, SdkMeterProvider, Stream},
    trace::SpanData,
};

use super::{
    EncodedItems, ItemScope, MAX_REQUEST_BYTES, Samples, by_scope, samples::collect, to_json, to_protobuf,
};
use crate::export::shared_reader::SharedReader;

fn decoded<R: prost::Message + Default>(encoded: &EncodedItems) -> Vec<R> {
    encoded
        .requests
        .iter()
        .map(|request| {
            assert!(request.body.len() <= MAX_REQUEST_BYTES, "{}", request.body.len());
            R::decode(&*request.body).unwrap()
        })
        .collect()
}

fn spans(name_bytes: usize, count: u32) -> Vec<SpanData> {
    let mut samples = Samples::new(4);
    let scopes = [InstrumentationScope::builder("a").build(), InstrumentationScope::builder("b").build()];
    (0..count)
        .map(|index| {
            let mut span = samples.span(&scopes);
            span.name = format!("{index}{}", "n".repeat(name_bytes)).into();
            span.attributes.clear();
            (span.events, span.links) = Default::default();
            span
        })
        .collect()
}

fn encode(spans: &[SpanData]) -> EncodedItems {
    let items = by_scope(spans, |span| (ItemScope::new(None, &span.instrumentation_scope), span));
    to_protobuf(MAX_REQUEST_BYTES, 0, &Resource::builder_empty().build(), items)
}

#[test]
fn items_above_the_limit_are_divided_and_none_is_lost() {
    let encoded = encode(&spans(50_000, 400));
    assert!(encoded.requests.len() >= 5, "{}", encoded.requests.len());
    let counts: u64 = encoded.requests.iter().map(|request| request.items).sum();
    assert_eq!(counts, 400);
    let mut names = Vec::new();
    for (request, encoded) in decoded::<ExportTraceServiceRequest>(&encoded).iter().zip(&encoded.requests) {
        let before = names.len();
        for scope in &request.resource_spans[0].scope_spans {
            assert!(!scope.spans.is_empty(), "a scope without spans");
            names.extend(scope.spans.iter().map(|span| span.name.clone()));
        }
        assert_eq!((names.len() - before) as u64, encoded.items);
        // All but the last are nearly full.
        assert!(encoded.body.len() > MAX_REQUEST_BYTES / 2 || names.len() == 400);
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 400);
}

#[test]
fn no_items_give_no_request() {
    assert!(encode(&[]).requests.is_empty());
}

fn no_limit(_: &Instrument) -> Option<Stream> {
    Stream::builder().with_cardinality_limit(1_000_000).build().ok()
}

#[test]
fn data_points_of_one_metric_are_divided() {
    let reader = Arc::new(ManualReader::builder().build());
    let provider = SdkMeterProvider::builder()
        .with_reader(SharedReader(Arc::clone(&reader) as _))
        .with_view(no_limit)
        .build();
    let counter = provider.meter("shop").u64_counter("orders").with_description("kept").build();
    for customer in 0..20_000 {
        counter.add(1, &[KeyValue::new("customer", format!("{customer:0>300}"))]);
    }
    let metrics = collect(&reader);
    let scope = metrics.scope_metrics().next().unwrap();
    let items: Vec<_> = scope.metrics().map(|metric| (ItemScope::new(None, scope.scope()), metric)).collect();
    let encoded = to_protobuf(MAX_REQUEST_BYTES, 0, metrics.resource(), items.iter().copied());
    let requests = decoded::<ExportMetricsServiceRequest>(&encoded);
    assert!(requests.len() >= 2);
    let mut points = 0;
    for (request, encoded) in requests.iter().zip(&encoded.requests) {
        let [metric] = &*request.resource_metrics[0].scope_metrics[0].metrics else { panic!() };
        assert_eq!((&*metric.name, &*metric.description), ("orders", "kept"));
        let Some(Data::Sum(sum)) = &metric.data else { panic!("{metric:?}") };
        assert!(sum.is_monotonic && sum.aggregation_temporality == 2);
        assert_eq!(sum.data_points.len() as u64, encoded.items);
        points += sum.data_points.len();
    }
    assert_eq!(points, 20_000);

    let json: usize = to_json(MAX_REQUEST_BYTES, metrics.resource(), items)
        .requests
        .iter()
        .map(|request| {
            let request: ExportMetricsServiceRequest = serde_json::from_slice(&request.body).unwrap();
            let Some(Data::Sum(sum)) = &request.resource_metrics[0].scope_metrics[0].metrics[0].data else {
                panic!()
            };
            sum.data_points.len()
        })
        .sum();
    assert_eq!(json, 20_000);
}

fn record(text: String, small: &str) -> SdkLogRecord {
    let logger = SdkLoggerProvider::builder().build().logger("shop");
    let mut record = logger.create_log_record();
    record.set_body(AnyValue::String(text.into()));
    record.add_attribute("small", small.to_owned());
    record
}

#[test]
fn texts_of_a_large_item_are_cut_at_a_character() {
    let scope = InstrumentationScope::default();
    let resource = Resource::builder_empty().build();
    // JSON needs six bytes for the control character, so the first cut is too long.
    for text in ["ä".repeat(3 << 20), "\u{1}".repeat(5 << 20)] {
        let record = record(text.clone(), "kept");
        let encoded = to_protobuf(MAX_REQUEST_BYTES, 0, &resource, [(ItemScope::new(None, &scope), &record)]);
        let shortened = [format!("the body has {} bytes", thousands(text.len()))];
        assert_eq!(encoded.shortened, shortened);
        let [request] = &*decoded::<ExportLogsServiceRequest>(&encoded) else { panic!() };
        let record_sent = &request.resource_logs[0].scope_logs[0].log_records[0];
        let body = format!("{:?}", record_sent.body);
        assert!(body.len() > 4_000_000 && !body.contains('\u{fffd}'));
        assert!(format!("{:?}", record_sent.attributes).contains("\"kept\""));

        let encoded = to_json(MAX_REQUEST_BYTES, &resource, [(ItemScope::new(None, &scope), &record)]);
        assert_eq!(encoded.shortened, shortened, "whatever JSON needs for them");
        let [request] = &*encoded.requests else { panic!("{:?}", encoded.too_large) };
        assert!(request.body.len() <= MAX_REQUEST_BYTES && request.body.len() > MAX_REQUEST_BYTES - 4096);
    }
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let (millions, rest) = digits.split_at(digits.len() - 6);
    format!("{millions},{},{}", &rest[..3], &rest[3..])
}

#[test]
fn item_between_others_is_shortened_alone() {
    let mut batch = spans(10, 3);
    batch[1].name = "n".repeat(5 << 20).into();
    let encoded = encode(&batch);
    assert_eq!((encoded.shortened.len(), encoded.too_large.len()), (1, 0));
    let items: Vec<_> = encoded.requests.iter().map(|request| request.items).collect();
    assert_eq!(items.iter().sum::<u64>(), 3);
    decoded::<ExportTraceServiceRequest>(&encoded);
}

#[test]
fn item_that_is_too_large_without_its_texts_is_refused_alone() {
    let mut batch = spans(10, 3);
    let numbers: Vec<i64> = (0..1_000_000).collect();
    batch[1].attributes.push(KeyValue::new("numbers", opentelemetry::Value::Array(numbers.into())));
    let encoded = encode(&batch);
    let [too_large] = &*encoded.too_large else { panic!("{:?}", encoded.shortened) };
    assert!(too_large.bytes > MAX_REQUEST_BYTES);
    assert!(too_large.largest.starts_with("the attribute \"numbers\" has "), "{}", too_large.largest);
    assert_eq!(encoded.requests.iter().map(|request| request.items).sum::<u64>(), 2);
}

#[test]
fn values_out_of_range_saturate() {
    let reader = Arc::new(ManualReader::builder().build());
    let provider = SdkMeterProvider::builder().with_reader(SharedReader(Arc::clone(&reader) as _)).build();
    provider.meter("shop").u64_counter("large").build().add(u64::MAX, &[]);
    let metrics = collect(&reader);
    let scope = metrics.scope_metrics().next().unwrap();
    let items = scope.metrics().map(|metric| (ItemScope::new(None, scope.scope()), metric));
    let [request] = &*to_json(MAX_REQUEST_BYTES, metrics.resource(), items).requests else { panic!() };
    let text = String::from_utf8_lossy(&request.body);
    assert!(text.contains("\"asInt\":\"9223372036854775807\""), "{text}");

    let mut span = spans(1, 1).remove(0);
    span.start_time = UNIX_EPOCH - Duration::from_secs(1);
    span.end_time = UNIX_EPOCH + Duration::from_secs(1 << 40);
    span.attributes = vec![KeyValue::new("nan", f64::NAN), KeyValue::new("low", f64::NEG_INFINITY)];
    let encoded = encode(&[span.clone()]);
    let request = &decoded::<ExportTraceServiceRequest>(&encoded)[0];
    let sent = &request.resource_spans[0].scope_spans[0].spans[0];
    assert_eq!((sent.start_time_unix_nano, sent.end_time_unix_nano), (1, u64::MAX));
    let scope = ItemScope::new(None, &span.instrumentation_scope);
    let [request] =
        &*to_json(MAX_REQUEST_BYTES, &Resource::builder_empty().build(), [(scope, &span)]).requests
    else {
        panic!()
    };
    let text = String::from_utf8_lossy(&request.body);
    for value in ["{\"key\":\"nan\",\"value\":{\"doubleValue\":\"NaN\"}}", "{\"doubleValue\":\"-Infinity\"}"]
    {
        assert!(text.contains(value), "{text}");
    }
}
