//! Observable instruments: panicking and hanging callbacks do not affect other metrics.

use std::{
    panic::panic_any,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use autotelemetry::{
    Builder,
    opentelemetry::{global, metrics::MeterProvider as _},
    prelude::*,
};
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric::Data, number_data_point::Value};
use test_support::{TIMEOUT, builder, mock_collector::MockCollector, process};

/// Long enough for each callback that returns, and not the default.
const LIMIT: Duration = Duration::from_secs(2);

/// Returns a builder that pushes to `mock`, and only on a flush.
pub(super) fn pushing(mock: &MockCollector) -> Builder {
    builder()
        .service_name("shop")
        .otlp_endpoint(mock.url())
        .set("metrics.exporters", "otlp")
        .set("shutdown_timeout", format!("{}s", LIMIT.as_secs()))
}

/// Returns the integer points of the instrument `name` in each push, in order.
pub(super) fn pushed(mock: &MockCollector, name: &str) -> Vec<Vec<i64>> {
    mock.metrics().into_iter().filter(|metric| metric.name == name).map(numbers).collect()
}

fn numbers(metric: Metric) -> Vec<i64> {
    let points = match metric.data.unwrap() {
        Data::Sum(sum) => sum.data_points,
        Data::Gauge(gauge) => gauge.data_points,
        other => panic!("{other:?}"),
    };
    let mut numbers: Vec<_> = points
        .into_iter()
        .map(|point| match point.value.unwrap() {
            Value::AsInt(value) => value,
            Value::AsDouble(value) => panic!("{value} is no whole number"),
        })
        .collect();
    numbers.sort_unstable();
    numbers
}

/// Registers a counter that grows by ten with each collection.
pub(super) fn count_collections(meter: &Meter, name: &'static str) {
    let calls = AtomicU64::new(0);
    meter
        .u64_observable_counter(name)
        .with_callback(move |observer| {
            observer.observe(10 + calls.fetch_add(10, Ordering::Relaxed), &[]);
        })
        .build();
}

/// Registers a gauge whose callback observes a value and panics, at its first call.
pub(super) fn panic_at_first(meter: &Meter, name: &'static str) {
    let calls = AtomicU64::new(0);
    meter
        .i64_observable_gauge(name)
        .with_callback(move |observer| {
            observer.observe(7, &[]);
            assert!(calls.fetch_add(1, Ordering::Relaxed) > 0, "on purpose");
        })
        .build();
}

/// A payload whose destructor panics. So does the destructor of its payload.
struct BadPayload;

impl Drop for BadPayload {
    fn drop(&mut self) {
        panic_any(BadPayload)
    }
}

#[test]
fn callback_whose_panic_payload_panics_does_not_skip_others() {
    let mock = MockCollector::start();
    let tools = pushing(&mock).set("diagnostics.level", "off").build().unwrap();
    let meter = tools.meter("shop");
    let captured = BadPayload;
    let bad = meter.u64_observable_gauge("bad").with_callback(move |_| {
        let _ = &captured;
        panic_any(BadPayload);
    });
    bad.build();
    meter.u64_observable_gauge("good").with_callback(|observer| observer.observe(1, &[])).build();
    tools.shutdown().unwrap();
    assert_eq!(pushed(&mock, "good"), [[1]]);
    // Drops the callback, whose captured value panics.
    drop(tools);
}

/// Registers a callback that hangs until the returned value is dropped, and then observes 7.
pub(super) fn hang(meter: &Meter, name: &'static str) -> mpsc::Sender<()> {
    let (release, gate) = mpsc::channel();
    let gate = Mutex::new(gate);
    meter
        .u64_observable_gauge(name)
        .with_callback(move |observer| {
            let _ = gate.lock().unwrap().recv();
            observer.observe(7, &[]);
        })
        .build();
    release
}

#[test]
fn panicking_callback_skips_one_push_of_its_instrument() {
    let mock = MockCollector::start();
    let tools = pushing(&mock).build().unwrap();
    let meter = tools.meter("shop");
    count_collections(&meter, "before");
    panic_at_first(&meter, "bad");
    count_collections(&meter, "after");
    let counter = meter.u64_counter("direct").build();
    for _ in 0..3 {
        counter.add(1, &[]);
        tools.force_flush().unwrap();
    }
    assert_eq!(pushed(&mock, "bad"), [[7], [7]], "absent once, partial values included");
    assert_eq!(pushed(&mock, "before"), [[10], [20], [30]]);
    assert_eq!(pushed(&mock, "after"), [[10], [20], [30]]);
    assert_eq!(pushed(&mock, "direct"), [[1], [2], [3]]);
    tools.shutdown().unwrap();
    assert_eq!(pushed(&mock, "after").last().unwrap(), &[40], "a last time at the end");
}

/// `delta` reports the growth of a counter, also around a collection without a value.
#[test]
fn deltas_stay_correct_after_a_panic_and_a_decrease() {
    let mock = MockCollector::start();
    let tools = pushing(&mock).set("metrics.temporality", "delta").build().unwrap();
    let values = Mutex::new([Some(10), None, Some(25), Some(5), Some(9)].into_iter());
    tools
        .meter("shop")
        .u64_observable_counter("read")
        .with_callback(move |observer| {
            let value = values.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next().flatten();
            observer.observe(value.expect("on purpose"), &[KeyValue::new("file", "a")]);
        })
        .build();
    for _ in 0..5 {
        tools.force_flush().unwrap();
    }
    // From 25 to 5 is a reset, which shows in the next collection.
    assert_eq!(pushed(&mock, "read"), [[10], [0], [15], [9]]);
}

#[test]
fn hanging_callback_does_not_delay_other_instruments() {
    let mock = MockCollector::start();
    let tools = pushing(&mock).build().unwrap();
    let meter = tools.meter("shop");
    let release = hang(&meter, "slow");
    count_collections(&meter, "behind");
    let counter = meter.u64_counter("direct").build();
    counter.add(1, &[]);

    let start = Instant::now();
    tools.force_flush().expect("the rest is delivered");
    assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
    assert_eq!(pushed(&mock, "direct"), [[1]]);
    // While the callback hangs, instruments can be created, and nothing waits for it.
    meter.u64_counter("more").build().add(1, &[]);
    let start = Instant::now();
    tools.force_flush().unwrap();
    assert!(start.elapsed() < LIMIT / 2, "{:?}", start.elapsed());
    assert_eq!((pushed(&mock, "more"), pushed(&mock, "slow").len()), (vec![vec![1]], 0));
    assert_eq!(pushed(&mock, "behind"), [[10]]);

    drop(release);
    let start = Instant::now();
    while pushed(&mock, "slow").is_empty() {
        assert!(start.elapsed() < TIMEOUT, "called again once it has returned");
        tools.force_flush().unwrap();
    }
    assert_eq!(pushed(&mock, "slow"), [[7]]);
    tools.shutdown().unwrap();
}

#[test]
fn shutdown_does_not_wait_for_a_hanging_callback() {
    let mock = MockCollector::start();
    let tools = pushing(&mock).build().unwrap();
    let meter = tools.meter("shop");
    let release = hang(&meter, "slow");
    meter.u64_counter("direct").build().add(1, &[]);
    let start = Instant::now();
    tools.shutdown().expect("the rest is delivered");
    assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
    assert_eq!(pushed(&mock, "direct"), [[1]]);
    drop(release);
}

#[test]
fn callbacks_can_use_telemetry() {
    let mock = MockCollector::start();
    let tools = Arc::new(pushing(&mock).set("logs.exporters", "otlp").build().unwrap());
    let meter = tools.meter("shop");
    let inner = Arc::downgrade(&tools);
    meter
        .u64_observable_gauge("outer")
        .with_callback(move |observer| {
            let Some(tools) = inner.upgrade() else { return };
            let meter = tools.meter("made inside");
            meter.u64_counter("inner").build().add(1, &[]);
            count_collections(&meter, "inner.observed");
            tools.logger("shop").info("inside", &[]);
            let _span = tools.tracer("shop").start_as_current_span("inside");
            observer.observe(1, &[]);
        })
        .build();
    for _ in 0..2 {
        tools.force_flush().unwrap();
    }
    assert_eq!(pushed(&mock, "outer"), [[1], [1]]);
    assert_eq!(pushed(&mock, "inner"), [[1], [2]]);
    assert_eq!(pushed(&mock, "inner.observed"), [[10]]);
    assert!(mock.logs().iter().any(|(scope, _)| scope == "shop"));
}

#[test]
fn instruments_of_each_kind_keep_their_description() {
    let mock = MockCollector::start();
    let tools = pushing(&mock).build().unwrap();
    let meter = tools.meter_provider().clone().meter("shop");
    meter.u64_counter("a").with_unit("By").with_description("Read").build().add(1, &[]);
    meter.f64_counter("b").build().add(1.0, &[]);
    meter.i64_up_down_counter("c").build().add(1, &[]);
    meter.f64_up_down_counter("d").build().add(1.0, &[]);
    meter.u64_gauge("e").build().record(1, &[]);
    meter.f64_gauge("f").build().record(1.0, &[]);
    meter.i64_gauge("g").build().record(1, &[]);
    meter.f64_histogram("h").with_boundaries(vec![1.0, 2.0]).build().record(1.0, &[]);
    meter.u64_histogram("i").build().record(1, &[]);
    meter.u64_observable_counter("j").with_callback(|observer| observer.observe(1, &[])).build();
    meter.f64_observable_counter("k").with_callback(|observer| observer.observe(1.0, &[])).build();
    meter.i64_observable_up_down_counter("l").with_callback(|observer| observer.observe(1, &[])).build();
    meter.f64_observable_up_down_counter("m").with_callback(|observer| observer.observe(1.0, &[])).build();
    meter.u64_observable_gauge("n").with_callback(|observer| observer.observe(1, &[])).build();
    meter.f64_observable_gauge("o").with_callback(|observer| observer.observe(1.0, &[])).build();
    meter
        .i64_observable_gauge("p")
        .with_unit("s")
        .with_description("Two callbacks")
        .with_callback(|observer| observer.observe(1, &[KeyValue::new("callback", 1)]))
        .with_callback(|observer| observer.observe(2, &[KeyValue::new("callback", 2)]))
        .build();
    // The callback of an instrument that the SDK rejects is not called.
    meter.u64_observable_gauge("no name").with_callback(|_| panic!("not called")).build();
    tools.force_flush().unwrap();
    let mut metrics = mock.metrics();
    metrics.sort_by(|left, right| left.name.cmp(&right.name));
    let names: String = metrics.iter().map(|metric| &*metric.name).collect();
    assert_eq!(names, "abcdefghijklmnop");
    assert_eq!((&*metrics[0].unit, &*metrics[0].description), ("By", "Read"));
    assert!(format!("{:?}", metrics[7]).contains("explicit_bounds: [1.0, 2.0]"), "{:?}", metrics[7]);
    let last = metrics.pop().unwrap();
    assert_eq!((&*last.unit, &*last.description), ("s", "Two callbacks"));
    assert_eq!(numbers(last), [1, 2]);
}

#[test]
fn panicking_callbacks_are_reported_once_a_minute() {
    let output = process::run(process::function(module_path!(), "child_panics_in_callbacks"));
    let stderr = String::from_utf8(output.stderr).unwrap();
    // The first line is the start line.
    let lines: Vec<_> = stderr.lines().filter(|line| line.starts_with("autotelemetry: ")).skip(1).collect();
    assert_eq!(
        lines,
        ["autotelemetry: observable callback panicked; skipped in this collection: \"bad\" and \"worse\""],
        "{stderr}"
    );
    assert_eq!(stderr.matches("on purpose").count(), 8, "called at each of the four collections: {stderr}");
}

#[test]
#[ignore = "child process of other tests"]
fn child_panics_in_callbacks() {
    let mock = MockCollector::start();
    let tools =
        pushing(&mock).set("traces.exporters", "none").set("shutdown_timeout", "30s").install().unwrap();
    // Through the global provider.
    let meter = global::meter("library");
    meter.u64_observable_gauge("worse").with_callback(|_| panic!("on purpose")).build();
    meter.u64_observable_gauge("bad").with_callback(|_| panic!("on purpose")).build();
    count_collections(&meter, "collections");
    for _ in 0..3 {
        tools.force_flush().unwrap();
    }
    tools.shutdown().unwrap();
    assert_eq!(pushed(&mock, "collections"), [[10], [20], [30], [40]]);
}
