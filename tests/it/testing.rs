//! The testing kit, used as in a test.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
    time::Duration,
};

use autotelemetry::{
    Signal,
    opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState},
    prelude::*,
    testing::{self, MetricValue},
};
use test_support::{
    fixture::{captured_orders, place_orders},
    value,
};

#[test]
fn assertions_match_captured_telemetry() {
    let telemetry = captured_orders();
    telemetry.assert_span("order").root().with_kind(SpanKind::Internal).with_scope("shop").times(2);
    telemetry.assert_span("order").with_attribute("payment", "card").with_status(Status::Unset).times(1);
    let charge = telemetry
        .assert_span("charge")
        .with_parent("order")
        .with_error()
        .with_status(Status::error("card refused"))
        .with_event("exception")
        .with_exception("card refused")
        .times(1);
    telemetry.assert_no_span("refund");

    telemetry
        .assert_log(Severity::Info)
        .with_body("order received")
        .with_target("shop")
        .in_span("order")
        .times(2);
    telemetry
        .assert_log(Severity::Error)
        .with_body("charging failed")
        .with_attribute("payment", "card")
        .with_attribute("exception.message", "card refused")
        .in_span("charge")
        .in_span_context(&charge.span_context())
        .times(1);
    telemetry.assert_no_log(Severity::Fatal);

    telemetry.assert_counter("orders").with_unit("{order}").with_scope("shop").is(2).times(2);
    telemetry.assert_counter("orders").with_attribute("payment", "card").is(1).times(1);
    telemetry.assert_histogram("order.duration").has_count(2).has_sum(30.5);
    let duration = telemetry.assert_histogram("order.duration").with_attribute("payment", "card");
    let MetricValue::Histogram { count: 1, min, max, .. } = duration.data_points()[0].value() else {
        panic!("{duration:?}");
    };
    assert_eq!((*min, *max), (Some(10.5.into()), Some(10.5.into())));
}

#[test]
fn empty_capture_displays_nothing_recorded() {
    let (_tools, telemetry) = testing::tools();
    assert_eq!(telemetry.to_string(), "nothing was recorded\n");
    assert!(telemetry.spans().is_empty() && telemetry.logs().is_empty() && telemetry.metrics().is_empty());
}

#[test]
fn captures_of_parallel_tests_are_separate() {
    thread::scope(|scope| {
        for number in 1..=8_u64 {
            scope.spawn(move || {
                let (tools, telemetry) = testing::tools();
                let counter = tools.meter("m").u64_counter("c").build();
                for _ in 0..number {
                    drop(tools.tracer("t").start_as_current_span("work"));
                    tools.logger("l").debug("working", &[]);
                    counter.add(1, &[]);
                }
                let times = usize::try_from(number).unwrap();
                telemetry.assert_span("work").times(times);
                telemetry.assert_log(Severity::Debug).times(times);
                telemetry.assert_counter("c").is(number);
            });
        }
    });
}

#[test]
fn testing_tools_ignore_files_and_environment() {
    let (tools, _telemetry) = testing::tools();
    let explained = tools.explain().to_string();
    assert!(!explained.contains("autotelemetry.toml"), "{explained}");
    assert_eq!(value(&tools, "service.name"), r#""test""#);
}

#[test]
fn configuration_applies_except_for_destinations() {
    let text = "
        [service]
        name = \"shop\"
        [otlp]
        endpoint = \"https://collector.invalid:4317\"
        [otlp.tls]
        ca_file = \"not/there.pem\"
        [metrics]
        exporters = [\"otlp\", \"prometheus\"]
        [logs]
        level = \"warn\"
        [logs.limits]
        attribute_value_length_limit = 3
        [profiles.quiet.traces]
        sampler = \"always_off\"
    ";
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("shop.toml");
    std::fs::write(&path, text).unwrap();
    let (tools, telemetry) = testing::builder()
        .configure(|builder| builder.config_file(path).env_vars([("AUTOTEL_PROFILE", "quiet")]))
        .build();
    drop(tools.tracer("shop").start_as_current_span("order"));
    let logger = tools.logger("shop");
    logger.info("not wanted", &[]);
    logger.warn("wanted", &[KeyValue::new("payment", "invoice")]);

    assert_eq!(tools.prometheus_address(), None);
    telemetry.assert_no_span("order");
    telemetry.assert_no_log(Severity::Error);
    assert_eq!(telemetry.logs().len(), 1);
    telemetry.assert_log(Severity::Warn).with_attribute("payment", "inv");
    tools.shutdown().unwrap();
}

#[test]
fn invalid_configuration_panics_with_the_problem() {
    let build = || testing::builder().configure(|builder| builder.set("traces.sampler", "sometimes")).build();
    let panic = catch_unwind(AssertUnwindSafe(build)).expect_err("it fails");
    let message = panic.downcast::<String>().unwrap();
    assert!(message.contains("traces.sampler: \"sometimes\" is not one of"), "{message}");
}

#[test]
fn remote_parents_and_links_are_captured() {
    let (tools, telemetry) = testing::tools();
    let tracer = tools.tracer("t");
    let remote = |trace: u128, span: u64, flags| {
        SpanContext::new(TraceId::from(trace), SpanId::from(span), flags, true, TraceState::NONE)
    };
    let caller = remote(7, 8, TraceFlags::SAMPLED);
    let context = Context::new().with_remote_span_context(caller.clone());
    let link = remote(9, 10, TraceFlags::SAMPLED);
    let links = vec![autotelemetry::opentelemetry::trace::Link::with_context(link.clone())];
    drop(
        tracer
            .span_builder("handle")
            .with_kind(SpanKind::Server)
            .with_links(links)
            .start_with_context(&tracer, &context),
    );
    telemetry.assert_span("handle").with_kind(SpanKind::Server).with_remote_parent(&caller).linked_to(&link);

    // The sampling decision of the caller is followed.
    let context = Context::new().with_remote_span_context(remote(7, 8, TraceFlags::NOT_SAMPLED));
    drop(tracer.start_with_context("unsampled", &context));
    telemetry.assert_no_span("unsampled");
}

#[test]
fn open_spans_are_named_in_failures() {
    let (tools, telemetry) = testing::tools();
    let tracer = tools.tracer("t");
    let outer = tracer.start_as_current_span("outer");
    drop(tracer.start_as_current_span("inner"));
    tools.logger("l").info("inside", &[]);
    telemetry.assert_span("inner").with_parent("outer");
    telemetry.assert_log(Severity::Info).in_span("outer");
    let panic =
        catch_unwind(AssertUnwindSafe(|| telemetry.assert_span("outer"))).expect_err("it has not ended");
    let message = panic.downcast::<String>().unwrap();
    assert!(message.starts_with("expected span \"outer\", found one that has not ended\n"), "{message}");
    assert!(message.contains("span \"outer\" has not ended"), "{message}");
    drop(outer);
    telemetry.assert_span("outer");
}

#[test]
fn repeated_reads_return_all_instruments() {
    let (tools, telemetry) =
        testing::builder().configure(|builder| builder.set("metrics.temporality", "delta")).build();
    let meter = tools.meter("m");
    let in_flight = meter.i64_up_down_counter("in_flight").build();
    in_flight.add(5, &[]);
    in_flight.add(-7, &[]);
    let temperature = meter.f64_gauge("temperature").build();
    temperature.record(20.5, &[KeyValue::new("room", "a")]);
    temperature.record(18.0, &[KeyValue::new("room", "b")]);
    let _seen = meter.u64_observable_counter("seen").with_callback(|seen| seen.observe(4, &[])).build();
    let _size = meter.i64_observable_gauge("size").with_callback(|size| size.observe(-1, &[])).build();
    for _ in 0..3 {
        telemetry.assert_up_down_counter("in_flight").is(-2);
        telemetry.assert_gauge("temperature").with_attribute("room", "a").is(20.5);
        telemetry.assert_counter("seen").is(4_u64);
        telemetry.assert_gauge("size").is(-1);
    }
    let both = || telemetry.assert_gauge("temperature").is(38.5);
    let panic = catch_unwind(AssertUnwindSafe(both)).expect_err("two gauges are not added up");
    let message = panic.downcast::<String>().unwrap();
    assert!(message.starts_with("2 x gauge \"temperature\" match; narrow down to one gauge"), "{message}");
}

#[test]
fn invalid_span_context_adds_no_ids_to_logs() {
    let (tools, telemetry) = testing::tools();
    let nothing = Context::new().with_remote_span_context(SpanContext::empty_context());
    let _current = nothing.attach();
    tools.logger("l").info("before telemetry has begun", &[KeyValue::new("a", 1)]);
    let log = telemetry.assert_log(Severity::Info).with_attribute("a", 1).with_target("l");
    assert!(log.logs()[0].record().trace_context().is_none());
}

#[test]
fn capture_outlives_the_tools() {
    let (tools, telemetry) = testing::tools();
    place_orders(&tools);
    tools.shutdown().unwrap();
    tools.logger("shop").error("too late", &[]);
    drop(tools);
    telemetry.assert_span("charge").with_parent("order");
    telemetry.assert_counter("orders").is(2);
    telemetry.assert_log(Severity::Info).times(2);
}

#[test]
fn memory_exporter_has_statistics() {
    let (tools, _telemetry) = testing::tools();
    place_orders(&tools);
    let stats = tools.stats();
    let of = |signal| {
        let found = stats.exporter(signal, "memory").unwrap();
        (found.emitted(), found.exported())
    };
    assert_eq!((of(Signal::Traces), of(Signal::Logs)), ((3, 3), (3, 3)));
}

#[test]
fn floats_are_compared_with_tolerance() {
    let (tools, telemetry) = testing::tools();
    let meter = tools.meter("m");
    let (seconds, tiny) = (meter.f64_counter("seconds").build(), meter.f64_histogram("tiny").build());
    seconds.add(0.1, &[]);
    seconds.add(0.2, &[]);
    tiny.record(1.5e-7, &[]);
    telemetry.assert_counter("seconds").is(0.3);
    telemetry.assert_histogram("tiny").has_sum(1.5e-7);
    let wrong = || telemetry.assert_histogram("tiny").has_sum(1.6e-7);
    let message = catch_unwind(AssertUnwindSafe(wrong))
        .expect_err("it is another number")
        .downcast::<String>()
        .unwrap();
    assert!(
        message.starts_with("expected the sum of histogram \"tiny\" to be 0.00000016, found 0.00000015\n"),
        "{message}"
    );
    assert!(message.contains("sum=0.00000015 "), "{message}");

    // A sum that should be zero counts as zero, and infinity equals no other number.
    let balance = meter.f64_up_down_counter("balance").build();
    for change in [0.1, 0.2, -0.3] {
        balance.add(change, &[]);
    }
    telemetry.assert_up_down_counter("balance").is(0);
    let endless = meter.f64_counter("endless").build();
    endless.add(f64::MAX, &[]);
    endless.add(f64::MAX, &[]);
    telemetry.assert_counter("endless").is(f64::INFINITY);
    catch_unwind(AssertUnwindSafe(|| telemetry.assert_counter("endless").is(3))).expect_err("not 3");

    // Integers are compared exactly.
    let items = meter.u64_counter("items").build();
    items.add(u64::MAX, &[]);
    telemetry.assert_counter("items").is(u64::MAX);
    catch_unwind(AssertUnwindSafe(|| telemetry.assert_counter("items").is(u64::MAX - 1)))
        .expect_err("one less");
    meter.u64_gauge("length").build().record(3, &[]);
    telemetry.assert_gauge("length").is([1, 2, 3].len()).is(3_u32).is(3);
}

#[test]
fn wait_until_waits_for_other_threads() {
    let (tools, telemetry) = testing::tools();
    let (tracer, counter) = (tools.tracer("t"), tools.meter("m").u64_counter("c").build());
    let patience = Duration::from_secs(20);
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let worker = thread::spawn(move || {
        wait.recv().unwrap();
        drop(tracer.start("work"));
        wait.recv().unwrap();
        counter.add(1, &[]);
    });
    go.send(()).unwrap();
    telemetry.wait_until(patience, |telemetry| telemetry.spans().len() == 1);
    go.send(()).unwrap();
    telemetry.wait_until(patience, |telemetry| !telemetry.metrics().is_empty());
    worker.join().unwrap();

    telemetry.wait_until(Duration::MAX, |_| true);
    let never = || telemetry.wait_until(Duration::from_millis(1), |_| false);
    let message =
        catch_unwind(AssertUnwindSafe(never)).expect_err("it never is").downcast::<String>().unwrap();
    assert!(
        message.starts_with("the condition was not met within 1ms\n") && message.contains("work"),
        "{message}"
    );
}

#[test]
fn duplicate_attributes_keep_the_last_value() {
    let (tools, telemetry) = testing::tools();
    let span = tools.tracer("t").start_as_current_span("work");
    span.set_attribute(KeyValue::new("a", 1));
    span.set_attribute(KeyValue::new("a", 2));
    drop(span);
    telemetry.assert_span("work").with_attribute("a", 2);
    let stale = || telemetry.assert_span("work").with_attribute("a", 1);
    catch_unwind(AssertUnwindSafe(stale)).expect_err("it was replaced");
}

#[test]
fn strict_turns_warnings_into_panics() {
    let build = |strict| {
        let configured = testing::builder()
            .configure(|builder| builder.env_vars([("OTEL_BSP_SCHEDULE_DELAY", "soon")]).strict(strict));
        catch_unwind(AssertUnwindSafe(|| configured.build()))
    };
    assert_eq!(build(false).unwrap().0.warnings().len(), 1);
    build(true).expect_err("a warning is an error");
}

#[test]
fn resource_is_captured() {
    let (_tools, telemetry) = testing::builder()
        .configure(|builder| builder.service_name("shop").resource_attribute("team", "data"))
        .build();
    let resource = telemetry.resource();
    let of = |key: &'static str| resource.get(&Key::from(key)).map(|value| value.to_string());
    assert_eq!((of("service.name"), of("team")), (Some("shop".to_owned()), Some("data".to_owned())));
}

#[test]
fn disabled_tools_capture_nothing() {
    let (tools, telemetry) = testing::builder().configure(|builder| builder.set("disabled", true)).build();
    place_orders(&tools);
    assert_eq!(telemetry.to_string(), "nothing was recorded\n");
}

#[tracing::instrument]
fn pack(items: i64) {
    tracing::warn!(target: "shop::boxes", left = 1, "out of boxes");
}

#[test]
fn tracing_is_captured_while_the_guard_lives() {
    let (tools, telemetry) = testing::tools();
    pack(1);
    let guard = testing::capture_tracing(&tools);
    {
        let _manual = tools.tracer("t").start_as_current_span("manual");
        pack(2);
    }
    drop(guard);
    pack(3);
    telemetry.assert_span("pack").with_attribute("items", 2).with_parent("manual").times(1);
    telemetry
        .assert_log(Severity::Warn)
        .with_body("out of boxes")
        .with_target("shop::boxes")
        .with_attribute("left", 1)
        .in_span("pack")
        .times(1);
}
