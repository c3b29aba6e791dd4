//! The data model of OpenTelemetry: unique keys, and numbers and times within the range of OTLP.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use autotelemetry::{
    ObservabilityTools,
    opentelemetry::{
        InstrumentationScope,
        logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _},
        metrics::MeterProvider as _,
        trace::{
            Link, Span as _, SpanContext, Status, TraceFlags, TraceState, Tracer as _, TracerProvider as _,
        },
    },
    prelude::*,
};
use opentelemetry_proto::tonic::{
    common::v1::{KeyValue as ProtoKeyValue, any_value},
    metrics::v1::{NumberDataPoint, metric::Data, number_data_point},
    trace::v1::Span,
};
use test_support::{mock_collector::MockCollector, with_file};
use tracing_subscriber::prelude::*;

use super::export::exporting;

/// Returns the attributes as text: `k=second, other=1`.
fn text_of(attributes: &[ProtoKeyValue]) -> String {
    let text = |attribute: &ProtoKeyValue| {
        let value = attribute.value.as_ref().and_then(|value| value.value.as_ref()).unwrap();
        let value = match value {
            any_value::Value::StringValue(text) => text.clone(),
            any_value::Value::IntValue(number) => number.to_string(),
            other => format!("{other:?}"),
        };
        format!("{}={value}", attribute.key)
    };
    attributes.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// Returns a context that links accept.
fn remote() -> SpanContext {
    SpanContext::new(1_u128.into(), 1_u64.into(), TraceFlags::SAMPLED, true, TraceState::NONE)
}

fn twice() -> Vec<KeyValue> {
    vec![KeyValue::new("k", "first"), KeyValue::new("other", 1), KeyValue::new("k", "second")]
}

/// Returns the spans that `work` creates, as a collector receives them.
fn exported_spans(configuration: &str, work: impl FnOnce(&ObservabilityTools)) -> Vec<Span> {
    let mock = MockCollector::start();
    let text = format!("[service]\nname = \"test\"\n[logs]\nexporters = []\n{configuration}");
    let (builder, _directory) = with_file(&text, &[]);
    let tools = builder.otlp_endpoint(mock.url()).build().unwrap();
    work(&tools);
    tools.shutdown().unwrap();
    mock.spans()
}

#[test]
fn repeated_keys_of_a_span_keep_the_last_value() {
    let link = Link::new(remote(), twice(), 0);
    let spans = exported_spans("", |tools| {
        let tracer = tools.tracer("test");
        let builder = tracer.span_builder("built").with_attributes(twice()).with_links(vec![link]);
        let mut span = builder.start(&tracer);
        span.add_event("event", twice());
        span.set_attribute(KeyValue::new("other", 2));
        span.end();
        let subscriber = tracing_subscriber::registry().with(tools.tracing_layer());
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("traced", k = "first");
            span.record("k", "second");
            span.in_scope(|| span.record("k", "third"));
        });
    });
    assert_eq!(text_of(&spans[0].attributes), "k=second, other=2");
    assert_eq!(text_of(&spans[0].events[0].attributes), "k=second, other=1");
    assert_eq!(text_of(&spans[0].links[0].attributes), "k=second, other=1");
    assert_eq!(text_of(&spans[1].attributes), "k=third");
    assert!(spans.iter().all(|span| span.dropped_attributes_count == 0), "{spans:?}");
}

#[test]
fn repeated_key_at_the_limit_replaces_its_value_and_drops_nothing() {
    let limits = "[attribute_limits]\nattribute_count_limit = 2\n\
                  [traces.limits]\nevent_attribute_count_limit = 2\nlink_attribute_count_limit = 2\n";
    let spans = exported_spans(limits, |tools| {
        let tracer = tools.tracer("test");
        let builder = tracer.span_builder("built").with_attributes(twice());
        let mut span = builder.with_links(vec![Link::new(remote(), twice(), 0)]).start(&tracer);
        span.add_event("event", twice());
        span.end();
        let mut span = tracer.start("updated");
        for number in 0..5000 {
            span.set_attribute(KeyValue::new("progress", number));
            span.set_attribute(KeyValue::new("state", "running"));
        }
        for key in ["beyond", "the", "limit", "limit"] {
            span.set_attribute(KeyValue::new(key, 1));
        }
        span.set_attribute(KeyValue::new("state", "done"));
        span.end();
    });
    let Span { attributes, dropped_attributes_count, events, links, .. } = &spans[0];
    assert_eq!((text_of(attributes).as_str(), *dropped_attributes_count), ("k=second, other=1", 0));
    assert_eq!(text_of(&events[0].attributes), "k=second, other=1");
    assert_eq!(text_of(&links[0].attributes), "k=second, other=1");
    assert_eq!((events[0].dropped_attributes_count, links[0].dropped_attributes_count), (0, 0));
    let Span { attributes, dropped_attributes_count, .. } = &spans[1];
    assert_eq!((text_of(attributes).as_str(), *dropped_attributes_count), ("progress=4999, state=done", 3));
}

#[test]
fn updates_without_end_are_bounded_and_counted() {
    let spans = exported_spans("", |tools| {
        let mut span = tools.tracer("test").start("updated");
        for number in 0..100_000 {
            span.set_attribute(KeyValue::new("progress", number));
        }
    });
    let Span { attributes, dropped_attributes_count, .. } = &spans[0];
    assert_eq!(attributes.len(), 1);
    assert!(*dropped_attributes_count > 0, "{dropped_attributes_count}");
}

#[test]
fn repeated_keys_of_scopes_keep_the_last_value() {
    let mock = MockCollector::start();
    let tools = exporting().otlp_endpoint(mock.url()).set("otlp.protocol", "http/json").build().unwrap();
    let scope = || {
        let scope = InstrumentationScope::builder("lib").with_version("1").with_schema_url("https://schema");
        scope.with_attributes(twice()).build()
    };
    tools.tracer_provider().tracer_with_scope(scope()).start("span").end();
    let logger = tools.logger_provider().logger_with_scope(scope());
    let mut record = logger.create_log_record();
    record.set_body("body".into());
    record.set_severity_number(autotelemetry::opentelemetry::logs::Severity::Info);
    logger.emit(record);
    tools.meter_provider().meter_with_scope(scope()).u64_counter("c").build().add(1, &[]);
    tools.shutdown().unwrap();
    let mut scopes = 0;
    for received in mock.received() {
        let body: serde_json::Value = serde_json::from_slice(&received.body).unwrap();
        for member in ["Spans", "Logs", "Metrics"] {
            let all = body[format!("resource{member}")][0][format!("scope{member}")].as_array().cloned();
            for scope in all.unwrap_or_default().iter().filter(|scope| scope["scope"]["name"] == "lib") {
                scopes += 1;
                let keys = |value: &serde_json::Value| {
                    let attributes = value["attributes"].as_array().unwrap().clone();
                    attributes.iter().map(|it| (it["key"].clone(), it["value"].clone())).collect::<Vec<_>>()
                };
                let expected =
                    serde_json::json!([["k", { "stringValue": "second" }], ["other", { "intValue": "1" }]]);
                assert_eq!(serde_json::to_value(keys(&scope["scope"])).unwrap(), expected);
                assert_eq!(
                    (&scope["scope"]["version"], &scope["schemaUrl"]),
                    (&"1".into(), &"https://schema".into())
                );
            }
        }
    }
    assert_eq!(scopes, 3);
}

fn number_points(data: Option<Data>) -> Vec<NumberDataPoint> {
    match data {
        Some(Data::Sum(sum)) => sum.data_points,
        Some(Data::Gauge(gauge)) => gauge.data_points,
        other => panic!("{other:?}"),
    }
}

#[test]
fn repeated_keys_of_measurements_keep_the_last_value() {
    // The SDK picks one of several sets of attributes in an order that changes.
    for _ in 0..5 {
        let mock = MockCollector::start();
        let tools = exporting().otlp_endpoint(mock.url()).build().unwrap();
        let meter = tools.meter("test");
        let reordered = [KeyValue::new("other", 1), KeyValue::new("k", "second")];
        let counter = meter.u64_counter("counter").build();
        counter.add(1, &twice());
        counter.add(2, &reordered);
        meter.f64_gauge("gauge").build().record(1.0, &twice());
        meter.i64_up_down_counter("up_down").build().add(1, &twice());
        let _observed = meter
            .u64_observable_gauge("observed")
            .with_callback(|observer| observer.observe(1, &twice()))
            .build();
        let histogram = meter.u64_histogram("histogram").with_unit("By").with_description("sizes").build();
        histogram.record(3, &twice());
        tools.shutdown().unwrap();
        let metrics = mock.metrics();
        for name in ["counter", "gauge", "up_down", "observed"] {
            let metric = metrics.iter().find(|metric| metric.name == name).unwrap();
            let points = number_points(metric.data.clone());
            let mut keys: Vec<_> = points
                .iter()
                .flat_map(|point| &point.attributes)
                .map(|it| text_of(std::slice::from_ref(it)))
                .collect();
            keys.sort();
            assert_eq!(keys, ["k=second", "other=1"], "{name}");
            if name == "counter" {
                assert_eq!(points[0].value, Some(number_data_point::Value::AsInt(3)));
            }
        }
        let histogram = metrics.iter().find(|metric| metric.name == "histogram").unwrap();
        assert_eq!((histogram.unit.as_str(), histogram.description.as_str()), ("By", "sizes"));
        let Some(Data::Histogram(data)) = &histogram.data else { panic!("{histogram:?}") };
        assert_eq!((data.data_points[0].attributes.len(), data.data_points[0].sum), (2, Some(3.0)));
    }
}

#[test]
fn unsigned_value_beyond_the_wire_is_the_largest_number() {
    for protocol in ["http/protobuf", "http/json"] {
        let mock = MockCollector::start();
        let tools = exporting().otlp_endpoint(mock.url()).set("otlp.protocol", protocol).build().unwrap();
        let meter = tools.meter("test");
        meter.u64_gauge("gauge").build().record(u64::MAX, &[]);
        meter.u64_counter("counter").build().add(u64::MAX - 5, &[]);
        meter.u64_counter("fits").build().add(7, &[]);
        let _observed = meter
            .u64_observable_counter("observed")
            .with_callback(|observer| observer.observe(1 << 63, &[]))
            .build();
        let histogram = meter.u64_histogram("histogram").build();
        histogram.record(u64::MAX, &[]);
        // In a debug build, the SDK would panic here.
        histogram.record(u64::MAX, &[]);
        tools.shutdown().unwrap();
        if protocol == "http/json" {
            let bodies = mock.received();
            let text =
                String::from_utf8(bodies.into_iter().find(|it| it.path.contains("metrics")).unwrap().body);
            let text = text.unwrap();
            assert_eq!(text.matches(&format!("\"asInt\":\"{}\"", i64::MAX)).count(), 3, "{text}");
            continue;
        }
        for metric in mock.metrics().into_iter().filter(|metric| !metric.name.starts_with("otel.")) {
            if let Some(Data::Histogram(data)) = &metric.data {
                assert_eq!(data.data_points[0].sum, Some(2.0_f64.powi(65)));
                continue;
            }
            let expected = if metric.name == "fits" { 7 } else { i64::MAX };
            let points = number_points(metric.data);
            assert_eq!(points[0].value, Some(number_data_point::Value::AsInt(expected)), "{}", metric.name);
        }
    }
}

#[test]
fn span_that_ends_before_its_start_ends_at_its_start() {
    let hour = Duration::from_secs(3600);
    let spans = exported_spans("", |tools| {
        let tracer = tools.tracer("test");
        let start = SystemTime::now() + hour;
        let mut span = tracer.span_builder("clock set back").with_start_time(start).start(&tracer);
        span.add_event("after the jump", Vec::new());
        span.end();
        let mut span = tracer.start("with an event before the jump");
        span.add_event("before the jump", Vec::new());
        span.end_with_timestamp(SystemTime::now() - hour);
        let mut span = tracer.span_builder("regular").with_start_time(start - hour * 2).start(&tracer);
        span.add_event_with_timestamp("earlier", start - hour * 3, Vec::new());
        span.end();
    });
    assert_eq!(spans[0].end_time_unix_nano, spans[0].start_time_unix_nano);
    assert_eq!(spans[0].events[0].time_unix_nano, spans[0].start_time_unix_nano);
    let event = spans[1].events[0].time_unix_nano;
    assert!(event >= spans[1].start_time_unix_nano && event <= spans[1].end_time_unix_nano, "{:?}", spans[1]);
    assert!(spans[2].end_time_unix_nano > spans[2].start_time_unix_nano);
    assert!(spans[2].events[0].time_unix_nano < spans[2].start_time_unix_nano, "set by the program");
}

#[test]
fn times_beyond_the_wire_are_the_first_and_the_last() {
    let mock = MockCollector::start();
    let tools = exporting().otlp_endpoint(mock.url()).build().unwrap();
    let before = UNIX_EPOCH - Duration::from_secs(1);
    let after = UNIX_EPOCH + Duration::from_secs(600 * 366 * 24 * 3600);
    let tracer = tools.tracer("test");
    let mut span = tracer.span_builder("span").with_start_time(before).start(&tracer);
    span.add_event_with_timestamp("event", after, Vec::new());
    span.set_status(Status::Ok);
    span.end_with_timestamp(after);
    let logger = tools.logger_provider().logger("test");
    let mut record = logger.create_log_record();
    record.set_severity_number(autotelemetry::opentelemetry::logs::Severity::Info);
    record.set_timestamp(before);
    record.set_observed_timestamp(after);
    record.add_attribute("n", AnyValue::Int(i64::MIN));
    logger.emit(record);
    tools.shutdown().unwrap();
    let span = &mock.spans()[0];
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (1, u64::MAX));
    assert_eq!(span.events[0].time_unix_nano, u64::MAX);
    let (_, record) = &mock.logs()[0];
    assert_eq!((record.time_unix_nano, record.observed_time_unix_nano), (1, u64::MAX));
}
