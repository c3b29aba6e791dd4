//! Deterministic ids and times of the testing kit.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, SystemTime},
};

use autotelemetry::{opentelemetry::trace::TraceId, prelude::*, testing};
use test_support::fixture::captured_orders;

#[test]
fn deterministic_ids_count_up() {
    let telemetry = captured_orders();
    let ids: Vec<_> = telemetry
        .spans()
        .iter()
        .map(|span| (span.span_context.trace_id().to_string(), span.span_context.span_id().to_string()))
        .collect();
    let id = |trace, span| (format!("{trace:08x}{:024x}", 0), format!("{span:016x}"));
    assert_eq!(ids, [id(1, 1), id(2, 3), id(2, 2)]);

    let (tools, telemetry) = testing::tools();
    drop(tools.tracer("t").start_as_current_span("order"));
    assert_ne!(telemetry.assert_span("order").span_context().trace_id(), TraceId::from(1_u128 << 96));
}

#[test]
fn manual_clock_moves_only_when_advanced() {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let second = Duration::from_secs(1);
    let (tools, telemetry) = testing::builder().clock(start).build();
    let (logger, tracer) = (tools.logger("l"), tools.tracer("t"));

    // Repeated, so that an error of one clock tick shows.
    for round in 0..200 {
        let outer = tracer.start_as_current_span(format!("outer {round}"));
        telemetry.advance_clock(second);
        outer.add_event("between", &[]);
        logger.info(format!("message {round}"), &[]);
        let inner = tracer.start_as_current_span(format!("inner {round}"));
        telemetry.advance_clock(second);
        drop(inner);
        drop(outer);
    }

    for round in 0..200_u32 {
        let begin = start + 2 * second * round;
        let outer = telemetry.assert_span(&format!("outer {round}")).lasting(2 * second);
        let outer = &outer.spans()[0];
        assert_eq!((outer.start_time, outer.end_time), (begin, begin + 2 * second));
        assert_eq!(outer.events[0].timestamp, begin + second);
        let inner = telemetry.assert_span(&format!("inner {round}")).lasting(second);
        assert_eq!(inner.spans()[0].start_time, begin + second);
        let log = telemetry.assert_log(Severity::Info).with_body(format!("message {round}"));
        assert_eq!(log.logs()[0].record().timestamp(), Some(begin + second));
        assert_eq!(log.logs()[0].record().observed_timestamp(), Some(begin + second));
    }
}

#[test]
fn explicit_timestamps_are_kept() {
    let (tools, telemetry) = testing::builder().clock(SystemTime::UNIX_EPOCH).build();
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(5);
    let tracer = tools.tracer("t");
    let mut span = tracer.span_builder("imported").with_start_time(start).start(&tracer);
    span.end_with_timestamp(start + Duration::from_secs(3));
    let imported = telemetry.assert_span("imported").lasting(Duration::from_secs(3));
    assert_eq!(imported.spans()[0].start_time, start);
}

#[test]
fn default_clock_is_the_system_clock() {
    let before = SystemTime::now();
    let (tools, telemetry) = testing::tools();
    tools.logger("l").info("now", &[]);
    let advance = || telemetry.advance_clock(Duration::from_secs(3_600));
    catch_unwind(AssertUnwindSafe(advance)).expect_err("there is no clock to advance");
    let at = telemetry.logs()[0].record().timestamp().unwrap();
    assert!((before..=SystemTime::now()).contains(&at));
}
